/** From a receiver and arguments to a call: what it is keyed by, where its entry is, and whether it asks for one at all. */

import type { Address, Call, Definition } from './definition.ts'
import { UnkeyableValueError } from './errors.ts'
import { Flight, gathering } from './flight.ts'
import type { Inputs } from './inputs.ts'
import { instant } from './instants.ts'
import type { Lane } from './lane.ts'
import type { Names, Naming } from './names.ts'
import { Recent } from './recent.ts'

/** How long a text of inputs may be to be kept. */
const mostText = 1000

/** What makes the calls of one function. */
export interface Admission {
  /** The lane of calls that meet no code of objects. */
  lane(): Lane
  /** The key of a call. @throws UnkeyableValueError */
  prepare(self: unknown, args: readonly unknown[]): Call
  /** The call past its key, or `undefined` where it goes straight through. @throws UnkeyableValueError */
  admit(self: unknown, args: readonly unknown[]): Call | undefined
  /** Whether the inputs of a call are still what it was keyed by (R15). */
  stillSame(call: Call): boolean
  /** The whole key. */
  keyOf(call: Call): string
  /** The key as events show it: not where it would show arguments. */
  shown(call: Call): string | undefined
}

/** Puts together what makes the calls of one function. */
export function createAdmission(definition: Definition): Admission {
  const { options, inputsOf, suffixOf, report, tags } = definition
  const { store } = options
  const shownKeys = options.keys === 'digest'
  let plainLane: Lane | undefined
  let namesOf: ReturnType<Naming['of']> | undefined
  /** Where entries are, by the texts of inputs: what makes that out takes longer than a hit without it. */
  const keepsAddresses = store.holds !== 'references'
  const addresses = new WeakMap<Lane, Recent<Address>>()
  let latest: { readonly lane: Lane; readonly addresses: Recent<Address> } | undefined

  const lane = (): Lane => (plainLane ??= definition.lane())
  const laneFor = (code: string): Lane => (code === '' ? lane() : definition.lane(code))
  const keyOf = ({ lane, suffix, address }: Call): string => address?.key ?? lane.keyOf(suffix)

  /** The addresses below a lane: that of the code behind the objects of a call, which hardly ever differs. */
  function addressesOf(lane: Lane): Recent<Address> {
    if (latest?.lane !== lane) {
      const known = addresses.get(lane) ?? new Recent<Address>()
      addresses.set(lane, known)
      latest = { lane, addresses: known }
    }
    return latest.addresses
  }

  /** Where the entry of some inputs is. */
  function locate({ text, subject }: Inputs, lane: Lane): Address {
    const suffix = suffixOf(text, lane)
    const { stored } = lane.epochs.space
    let names: Names | undefined
    if (stored) {
      namesOf ??= stored.naming.of(lane.epochs.label, tags.fixed)
      // Where nothing hidden is in the key, the digest of what names the call is there already.
      names = namesOf(subject, subject === text && suffix.startsWith('~') ? suffix.slice(1) : undefined)
    }
    return { suffix, key: lane.keyOf(suffix), names, held: undefined, opened: undefined }
  }

  function prepare(self: unknown, args: readonly unknown[]): Call {
    const outer = gathering()
    const inner = Flight.current
    const inputs = inputsOf(self, args)
    const lane = laneFor(inputs.code)
    // Below one lane the text says all: what names the call is a part of it.
    const { text } = inputs
    const below = keepsAddresses && text.length <= mostText ? addressesOf(lane) : undefined
    const known = below?.get(text)
    const at = known ?? locate(inputs, lane)
    const address = known ?? below?.keep(text, at)
    return { self, args, inputs, suffix: at.suffix, lane, address, names: at.names, begun: instant(), outer, inner }
  }

  return {
    lane,
    prepare,
    keyOf,
    shown: (call) => (shownKeys ? keyOf(call) : undefined),

    admit(self, args) {
      try {
        const call = prepare(self, args)
        if (!call.inputs.signals.some((signal) => signal.aborted)) return call
        report({ type: 'bypass', reason: 'aborted' })
      } catch (error) {
        if (!(error instanceof UnkeyableValueError) || error.reason === 'kind') throw error
        report({ type: 'bypass', reason: error.reason, path: error.path })
      }
      return undefined
    },

    stillSame({ inputs, self, args }) {
      if (inputs.fixed) return true
      try {
        const { text, code } = inputsOf(self, args)
        return text === inputs.text && code === inputs.code
      } catch {
        return false
      }
    },
  }
}
