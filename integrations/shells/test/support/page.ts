/** A page of the project, for a browser: what it cached is in `localStorage`, and so outlives what a dev server does to the page. */
import type { Files } from './edits.mjs'

const files = {
  'page.html':
    '<!doctype html><title>page</title><output></output><script type="module" src="/src/page/main.ts"></script>',
  'src/page/kept.ts': `
    import { createAutocache } from '@autocache/core'
    const store = {
      name: 'localStorage',
      lifetime: 'shared',
      holds: 'text',
      get: (key: string) => localStorage.getItem(key) ?? undefined,
      set: (key: string, text: string) => localStorage.setItem(key, text),
      delete(key: string) {
        const had = localStorage.getItem(key) !== null
        localStorage.removeItem(key)
        return had
      },
    } as const
    export const cache = createAutocache({ store, namespace: 'page', ttl: Infinity })
    `,
  'src/page/half.ts': '/** A helper. */\nexport const half = (net: number): number => net / 2\n',
  'src/page/price.ts': `
    import { half } from './half.ts'
    import { cache } from './kept.ts'
    export const price = cache.cached((net: number) => half(net) + 1)
    `,
  'src/page/other.ts': `
    import { cache } from './kept.ts'
    export const other = cache.cached((net: number) => net * 3)
    `,
  // Accepts what it shows, as components of frameworks do, and counts what it had to compute.
  'src/page/main.ts': `
    import { cache } from './kept.ts'
    import { other } from './other.ts'
    import { price } from './price.ts'
    let computed: string[] = []
    cache.on('fill', ({ label }) => void computed.push(label))
    let shown = 0
    const started = performance.timeOrigin
    const show = (by: typeof price) => {
      computed = []
      const said = { value: by(10), other: other(10), computed, version: by.version, shown: ++shown, started }
      document.querySelector('output')!.textContent = JSON.stringify(said)
    }
    show(price)
    import.meta.hot?.accept('./price.ts', (next) => show(next!.price))
    `,
}

/** Writes the page into a copy of the project. */
export function addPage(project: Files): void {
  for (const [file, text] of Object.entries(files)) project.write(file, text.replace(/^\n/, '').replace(/^ {4}/gm, ''))
}

/** What the page shows. */
export interface Shown {
  readonly value: number
  readonly other: number
  /** The labels of the functions that ran for it. */
  readonly computed: readonly string[]
  readonly version: string
  /** How often it was shown since the page was loaded. */
  readonly shown: number
  /** When the page was loaded: another after a reload. */
  readonly started: number
}
