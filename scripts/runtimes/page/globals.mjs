// Globals of Node that core's tests use, for the test files only: core itself sees what the runtime has.
import { unavailable } from './missing.mjs'

// As it is now: a test may count the calls of the one that core uses.
const { setTimeout } = globalThis

const { port1, port2 } = new MessageChannel()
const waiting = []
port2.onmessage = () => setTimeout(waiting.shift(), 0)

/** As in Node, a turn of the event loop. Through a message first: a page slows down timers that set timers. */
export const setImmediate =
  typeof document === 'undefined'
    ? (run) => setTimeout(run, 0)
    : (run) => {
        waiting.push(run)
        port1.postMessage(0)
      }

/** `new Function(...)`, which a worker can do through a binding only, and only where tests are run. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: it stands in for the global
export function Function(...parameters) {
  const body = parameters.pop()
  const { newFunction } = globalThis
  return newFunction ? newFunction(body, ...parameters) : new globalThis.Function(...parameters, body)
}

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
  /** Memory is measured in Node only. */
  memoryUsage: () => ({ rss: 0 }),
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

/**
 * Enough of Buffer for what the tests do with it, as a bundler's polyfill is in a page. Core looks for the global one,
 * so the files that use it have it as their global as well; the others run without.
 */
export class Buffer extends Uint8Array {
  static from(input, encoding = 'utf8', length = undefined) {
    if (typeof input === 'string') return new Buffer(bytesOf[encoding](input))
    if (input instanceof ArrayBuffer) return new Buffer(input, encoding === 'utf8' ? 0 : encoding, length)
    return new Buffer(input)
  }
  static alloc(length) {
    return new Buffer(length)
  }
  static byteLength(text) {
    return bytesOf.utf8(text).length
  }
  static isBuffer(value) {
    return value instanceof Buffer
  }
  toString(encoding = 'utf8') {
    return textOf[encoding](this)
  }
}
