import type { SyncStore } from '@autocache/core'
import type { ClauseDefinition } from '../clause.ts'

const synchronousScope = ({ mode, scope }: { mode: string; scope?: boolean }) => mode === 'sync' && Boolean(scope)

/** `scope(prefix)`: the keys that begin with `prefix`, by the rest of the key. */
export const scopeClauses: readonly ClauseDefinition[] = [
  {
    name: 'a scope is the store below its prefix',
    rule: 'contract',
    asserts: ['scope'],
    when: synchronousScope,
    async run({ raw, store, entry, check, capabilities }) {
      const scope = scopeOf(raw, 'app:f:')
      const [through, beside] = [entry('app:f:1'), entry('app:f:2')]
      scope.set('1', through)
      raw.set('app:f:2', beside)
      check.held(raw.get('app:f:1'), through, 'the store reads what the scope set')
      check.held(scope.get('2'), beside, 'the scope reads what the store set')
      check.held(scopeOf(raw, 'app:f:').get('1'), through, 'a second scope of the prefix reads what the first set')
      check.absent(scope.get('app:f:1'), 'the scope by the whole key')
      if (capabilities.getMany) check.held((await store.getMany(['app:f:1']))[0], through, 'getMany of a scope entry')
      if (capabilities.keys) check.equal((await store.keys('app:f:')).length, 2, 'the number of keys below the prefix')

      check.equal(scope.delete('2'), true, 'the scope deletes what the store set')
      check.absent(raw.get('app:f:2'), 'the store after the scope deleted')
      check.equal(raw.delete('app:f:1'), true, 'the store deletes what the scope set')
      check.absent(scope.get('1'), 'the scope after the store deleted')
      check.equal(scope.delete('1'), false, 'delete of an absent key in a scope')

      if (!capabilities.clear) return
      scope.set('1', through)
      await store.clear('app:')
      check.absent(scope.get('1'), 'the scope after clear of a shorter prefix')
    },
  },
  {
    name: 'a scope does not see its siblings',
    rule: 'contract',
    asserts: ['scope'],
    when: synchronousScope,
    async run({ raw, entry, check }) {
      const prefixes = ['a', 'ab', 'b', 'a:', 'A', 'x:a', '']
      for (const prefix of prefixes) {
        const held = entry(`${prefix}key`)
        scopeOf(raw, prefix).set('key', held)
        for (const sibling of prefixes.filter((other) => other !== prefix)) {
          check.absent(scopeOf(raw, sibling).get('key'), `scope('${sibling}') of what scope('${prefix}') set`)
        }
        check.equal(scopeOf(raw, prefix).delete('key'), true, `delete in scope('${prefix}')`)
      }
    },
  },
  {
    name: 'a key is the same key however scopes divide it',
    rule: 'R09',
    asserts: ['scope'],
    when: synchronousScope,
    async run({ raw, entry, check }) {
      const [first, second] = [entry('abc', 'the first'), entry('abc', 'the second')]
      scopeOf(raw, 'a').set('bc', first)
      check.held(scopeOf(raw, 'ab').get('c'), first, "scope('ab').get('c') of what scope('a').set('bc') set")
      scopeOf(raw, 'ab').set('c', second)
      check.held(scopeOf(raw, 'a').get('bc'), second, 'after the other scope overwrote it')
      raw.delete('abc')
      check.absent(scopeOf(raw, 'a').get('bc'), "scope('a').get('bc') after delete('abc')")
      check.absent(scopeOf(raw, 'ab').get('c'), "scope('ab').get('c') after delete('abc')")
    },
  },
]

function scopeOf(raw: unknown, prefix: string) {
  const { scope } = raw as SyncStore
  if (scope === undefined) throw new Error("The capability 'scope' is claimed, but the store has no method scope.")
  return scope.call(raw as SyncStore, prefix)
}
