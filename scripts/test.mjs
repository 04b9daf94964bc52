// Runs every test and ends with the line `N passed, N failed`: node scripts/test.mjs [arguments for vitest]
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'

const report = '.cache/vitest.json'
mkdirSync('.cache', { recursive: true })
rmSync(report, { force: true })

const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)]
const { status } = spawnSync('vitest', args, { stdio: 'inherit' })

const count = { passed: 0, failed: 0, skipped: 0 }
const skips = []
for (const file of readReport()) {
  const tests = file.assertionResults
  const failed = tests.filter((test) => test.status === 'failed').length
  const passed = tests.filter((test) => test.status === 'passed').length
  const skipped = tests.length - failed - passed
  count.passed += passed
  count.skipped += skipped
  // A file that could not be loaded has no failed test and is a failure all the same.
  count.failed += failed === 0 && file.status === 'failed' ? 1 : failed
  if (skipped > 0) skips.push(`  ${skipped} in ${file.name.replace(`${process.cwd()}/`, '')}`)
}
// Likewise an unhandled error, a type error outside the tests, or a run without a report.
if (status !== 0 && count.failed === 0) count.failed = 1

if (skips.length > 0) console.log(['\nSkipped tests:', ...skips].join('\n'))
console.log(`\n${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`)
process.exitCode = count.failed > 0 ? 1 : 0

function readReport() {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults
  } catch {
    return []
  }
}
