// Globals of Node that core's tests use, for the test files only: core itself sees what the runtime has.
import { unavailable } from './missing.mjs'

/** As in Node, a turn of the event loop. */
export const setImmediate = (run) => setTimeout(run, 0)

const listeners = new Map()

export const process = {
  on(type, listener) {
    if (type !== 'unhandledRejection') return unavailable(`process.on('${type}')`)()
    const onEvent = (event) => {
      event.preventDefault?.()
      listener(event.reason, event.promise)
    }
    listeners.set(listener, onEvent)
    addEventListener('unhandledrejection', onEvent)
  },
  off(_, listener) {
    removeEventListener('unhandledrejection', listeners.get(listener))
  },
  memoryUsage: unavailable('process.memoryUsage'),
  cwd: unavailable('process.cwd'),
}

const bytesOf = {
  hex: (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  base64: (text) => Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0)),
  utf8: (text) => new TextEncoder().encode(text),
}
const textOf = {
  hex: (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
  base64: (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')),
  utf8: (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
}

/** What the tests use Buffer for besides as a value. What it makes is no Buffer, so tests about those are excluded. */
export const Buffer = {
  from(input, encoding = 'utf8', length = undefined) {
    if (typeof input === 'string') return withText(bytesOf[encoding](input))
    if (input instanceof ArrayBuffer)
      return withText(new Uint8Array(input, encoding === 'utf8' ? 0 : encoding, length))
    return withText(Uint8Array.from(input))
  },
  alloc: (length) => withText(new Uint8Array(length)),
  byteLength: (text) => bytesOf.utf8(text).length,
  isBuffer: unavailable('Buffer.isBuffer'),
}

/** Not as an own property: core looks at those. */
function withText(bytes) {
  Object.setPrototypeOf(bytes, textual)
  return bytes
}
