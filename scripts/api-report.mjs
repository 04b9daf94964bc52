// Compares the public API of every package with packages/*/api/*.api.md; `--update` writes these reports.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'

const update = process.argv.includes('--update')
const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
}
let changed = false

for (const directory of readdirSync('packages')) {
  const folder = resolve('packages', directory)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const reports = Object.values(exports).filter((file) => file.endsWith('.js'))
  mkdirSync(join(folder, 'api'), { recursive: true })
  for (const file of reports) {
    const entry = file.replace('./dist/', '').replace('.js', '')
    const config = ExtractorConfig.prepare({
      configObjectFullPath: undefined,
      packageJsonFullPath: join(folder, 'package.json'),
      configObject: {
        projectFolder: folder,
        mainEntryPointFilePath: join(folder, 'dist', `${entry}.d.ts`),
        compiler: { overrideTsconfig: { compilerOptions, files: [`dist/${entry}.d.ts`] } },
        apiReport: {
          enabled: true,
          reportFileName: `${entry}.api.md`,
          reportFolder: join(folder, 'api'),
          reportTempFolder: resolve('.cache/api', directory),
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        messages: {
          extractorMessageReporting: {
            default: { logLevel: 'warning', addToApiReportFile: true },
            'ae-missing-release-tag': { logLevel: 'none' },
          },
        },
        newlineKind: 'lf',
      },
    })
    const result = Extractor.invoke(config, {
      localBuild: update,
      showVerboseMessages: false,
      messageCallback: (message) => {
        if (message.category === 'console') message.handled = true
      },
    })
    if (result.apiReportChanged || !result.succeeded) {
      changed = true
      console.log(`${update ? 'updated' : 'differs'}: packages/${directory}/api/${entry}.api.md`)
    }
  }
}
if (changed && !update) {
  console.error('The public API changed. Look at the change with `npm run api && git diff packages/*/api`, commit it.')
  process.exitCode = 1
}
