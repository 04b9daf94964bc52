/** One cached function of an instance: its identity, its lanes and the steps of its calls, from its options. */

import { digest as nativeDigest, packageName } from '#platform'
import { type Caller, createCaller } from './call.ts'
import type { Definition } from './definition.ts'
import { referenceSealer, type Sealer } from './entry.ts'
import { AutocacheError } from './errors.ts'
import type { Hub } from './events.ts'
import { gateOf } from './gate.ts'
import { createOperations, type Operations } from './handle.ts'
import { createInputs, joinedVersions, ownerOf, tagPolicyOf } from './inputs.ts'
import type { KeyBounds } from './key.ts'
import { Lane, sharedBy } from './lane.ts'
import { memoryStore } from './memory-store.ts'
import {
  type AnyFunction,
  type AutocacheOptions,
  type FunctionOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.ts'
import type { Uses } from './uses.ts'
import { claim, identify, isClass, isMutated } from './version.ts'
import { completeKey, keyPrefix } from './whole-key.ts'
import type { Wire } from './wire.ts'

/** A cached function, taken apart. */
export interface Defined {
  readonly caller: Caller
  readonly operations: Operations
  readonly definition: Definition
}

/** What an instance brings to each of its functions. */
export interface Ground {
  /** Options that hold where a function has none of its own. */
  readonly defaults: Omit<AutocacheOptions, 'enabled' | 'logger' | 'keyBounds' | 'clock'>
  readonly enabled: boolean
  readonly clock: () => number
  readonly bounds: KeyBounds
  readonly hub: Hub
  readonly uses: Uses
  /** What encodes; without it, whatever a store brings with it. */
  readonly wire: Wire | undefined
}

/** Everything about one cached function, or the error that belongs where it is written. */
export type Define = (fn: AnyFunction, functionOptions: FunctionOptions, method: string | undefined) => Defined

/** Puts together what defines the functions of one instance. */
export function createDefine({
  defaults,
  enabled: switchedOn,
  clock,
  bounds,
  hub,
  uses,
  wire: ownWire,
}: Ground): Define {
  const ownStore = once(memoryStore)

  return (fn, functionOptions, method) => {
    if (isClass(fn))
      throw new AutocacheError(
        'INVALID_OPTION',
        `\`${fn.name}\` is a class: it is constructed, not called, and cannot be cached.`,
      )
    const resolved = resolveOptions(functionOptions, defaults, ownStore)
    const { store } = resolved
    const enabled = switchedOn && !isMutated(fn)
    const shared = store.lifetime === 'shared'
    const identity = identify(fn, resolved, method, enabled)
    const report = hub.reporter(identity.label, resolved.onEvent)
    const namespace = resolved.namespace ?? (shared ? requireNamespace() : 'local')
    const encoding = ownWire ?? (store.wire as Wire | undefined)
    const digest = encoding?.digest ?? nativeDigest
    const maxBytes = store.maxKeyBytes ?? (shared ? 250 : Infinity)
    if (!digest && (resolved.keys === 'digest' || maxBytes !== Infinity)) {
      throw new AutocacheError(
        'INVALID_OPTION',
        "Keys that are digested (`keys: 'digest'`, or a store with `maxKeyBytes`) need an instance here: `createAutocache(...)`.",
      )
    }
    const space = uses.spaceOf(store, namespace, encoding)
    const joined = identity.source === 'process' ? '' : joinedVersions(resolved, digest)
    const version = (code = '') => identity.version() + joined + code
    const shares = sharedBy(store, ownerOf(resolved))
    if (
      identity.source === 'explicit' &&
      claim(shares.claims, namespace, identity.label, version(), resolved.keys, fn)
    ) {
      report({ type: 'duplicate-definition', version: version() })
    }
    const own = identity.source === 'process'
    const epochs = once(() => space().of(identity.label, !own))
    /** By the code that joins the version of a call: as many as there are classes of receivers. */
    const lanes = new Map<string, Lane>()
    const laneOf = (code = ''): Lane => {
      let lane = lanes.get(code)
      if (!lane) {
        const parts = { namespace, label: identity.label, version: version(code), digest: digest!, maxBytes }
        const prefix = keyPrefix(parts)
        lane = own ? new Lane(store, prefix, epochs()) : Lane.of(store, prefix, epochs(), shares)
        lanes.set(code, lane)
      }
      return lane
    }
    const inputsOf = createInputs(fn, resolved, bounds, digest)
    const readable = resolved.keys === 'readable'
    const definition: Definition = {
      fn,
      identity,
      version,
      options: resolved,
      enabled,
      lane: laneOf,
      inputsOf,
      suffixOf(argumentsText, { prefix }) {
        // The prefix leaves room for a digest, see `keyPrefix`.
        if (!readable) return `~${digest!(argumentsText)}`
        if (maxBytes === Infinity) return argumentsText
        return completeKey(prefix, { argumentsText, readable, digest: digest!, maxBytes }).slice(prefix.length)
      },
      sealer: sealerOf(resolved, encoding, () => report({ type: 'mutated' })),
      reader: shared ? undefined : encoding?.reader?.(gateOf(store)),
      report,
      clock,
      tags: {
        fixed: typeof resolved.tags === 'function' ? [] : resolved.tags,
        of: typeof resolved.tags === 'function' ? resolved.tags : undefined,
        policy: tagPolicyOf(resolved, digest),
      },
      quick: store.holds === 'references' && !resolved.clone && !isDevelopment(),
    }
    const caller = createCaller(definition, encoding)
    return { caller, operations: createOperations(definition, caller), definition }
  }
}

/** What `make` makes, when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function sealerOf({ store, clone, codec }: ResolvedOptions, encoding: Wire | undefined, onMutated: () => void): Sealer {
  if (!encoding && (store.holds !== 'references' || store.lifetime === 'shared')) {
    throw new AutocacheError(
      'INVALID_OPTION',
      'A store that others use, or that holds text or bytes, needs an instance: `createAutocache({ store }).cached(fn)`.',
    )
  }
  return store.holds === 'references'
    ? referenceSealer(clone, isDevelopment() && !clone ? onMutated : undefined)
    : encoding!.sealer(store.holds, codec)
}

function isDevelopment(): boolean {
  try {
    return typeof process !== 'undefined' && process.env.NODE_ENV === 'development'
  } catch {
    // Deno throws where the program was not given the environment.
    return false
  }
}

/** The namespace of a program that was given none. @throws AutocacheError `INVALID_OPTION` where it has no name */
export function requireNamespace(): string {
  const name = packageName()
  if (name !== undefined) return name
  throw new AutocacheError(
    'INVALID_OPTION',
    'Option `namespace` is missing and no package.json with a name is near: over a shared store it keeps two programs apart.',
  )
}
