import autocache from '@autocache/unplugin/bun'

Bun.plugin(autocache())
