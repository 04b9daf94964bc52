import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Child, start } from './support/child.ts'
import { Files } from './support/edits.mjs'
import { copyProject, removeProject } from './support/project.mjs'

const root = copyProject('dev')
const files = new Files(root)
let child: Child

async function ask(request: object): Promise<any> {
  const answer = await child.next(JSON.stringify(request))
  expect(answer).toMatchObject({ ok: true })
  return answer.value
}
const versionOf = (url: string): Promise<string> => ask({ kind: 'version', url })
const onServer = (url: string, name: string): Promise<{ version: string; value: unknown }> =>
  ask({ kind: 'exported', url, name })

beforeAll(async () => {
  // What a browser would run: each accepts what it shows, and itself.
  for (const name of ['gross', 'label']) {
    files.write(
      `src/show-${name}.ts`,
      `import { ${name} } from './${name}.ts'\nexport const show = () => ${name}(1)\nimport.meta.hot?.accept()\n`,
    )
  }
  child = start('dev.mjs', [], root)
  await child.next()
}, 60_000)

afterAll(async () => {
  await child.stop()
  removeProject(root)
})

test('an edit of a helper alone updates its callers, in the browser and on the server', async () => {
  await versionOf('/src/show-gross.ts')
  const inBrowser = await versionOf('/src/gross.ts')
  const before = await onServer('/src/gross.ts', 'gross')
  expect(before.version).toMatch(/^s1-/)
  expect(before.version).toBe(inBrowser)

  const { updates } = await ask({ kind: 'edit', file: 'src/round.ts', from: '* 100', to: '* 10' })
  expect(updates).toEqual(['/src/show-gross.ts'])
  const after = await onServer('/src/gross.ts', 'gross')
  expect(after.version).not.toBe(before.version)
  expect(after.value).not.toBe(before.value)
  expect(await versionOf('/src/gross.ts')).toBe(after.version)
})

test('a comment in a helper leaves the stamps of its callers', async () => {
  const before = await versionOf('/src/gross.ts')
  await ask({ kind: 'edit', file: 'src/round.ts', from: 'Rounds to', to: 'Makes' })
  expect(await versionOf('/src/gross.ts')).toBe(before)
})

test('an edit of a module that only changes what a function reads updates that function', async () => {
  await versionOf('/src/show-label.ts')
  const before = await versionOf('/src/label.ts')
  const { updates } = await ask({
    kind: 'edit',
    file: 'src/repository.ts',
    from: 'export class Repository',
    to: "import { Euro } from './money.ts'\nEuro.prototype.text = () => 'free'\nexport class Repository",
  })
  expect(updates).toEqual(['/src/show-label.ts'])
  expect(await versionOf('/src/label.ts')).not.toBe(before)
})

test('an edit of JSON and of an installed package update what reads them', async () => {
  const [country, shown] = [await versionOf('/src/country.ts'), await versionOf('/src/shown.ts')]
  await ask({ kind: 'edit', file: 'src/rates.json', from: '20', to: '21' })
  expect(await versionOf('/src/country.ts')).not.toBe(country)
  await ask({ kind: 'edit', file: 'package-lock.json', from: 'sha512-AAAA', to: 'sha512-BBBB' })
  expect(await versionOf('/src/shown.ts')).not.toBe(shown)
})
