/** The globals whose meaning the platform gives: what a text may name without saying what it is. */
const words = (text: string): readonly string[] => text.split(/\s+/)

/** None that a module is likely to use for a name of its own: no `name`, `event`, `status`, `location`. */
const wellKnown: ReadonlySet<string> = new Set([
  // ECMAScript
  ...words(
    'undefined NaN Infinity isNaN isFinite parseInt parseFloat encodeURI encodeURIComponent decodeURI ' +
      'decodeURIComponent escape unescape Object Array String Number Boolean Symbol BigInt Math JSON Date RegExp ' +
      'Error AggregateError EvalError RangeError ReferenceError SyntaxError SuppressedError TypeError URIError ' +
      'Map Set WeakMap WeakSet WeakRef FinalizationRegistry Promise Proxy Reflect Intl Iterator Temporal Atomics ' +
      'ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array ' +
      'Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array ' +
      'DisposableStack AsyncDisposableStack',
  ),
  // What the runtimes for servers and workers have in common
  ...words(
    'AbortController AbortSignal Blob BroadcastChannel Buffer CompressionStream CountQueuingStrategy CustomEvent ' +
      'DOMException DecompressionStream Event EventTarget File FormData Headers MessageChannel ' +
      'MessageEvent MessagePort ReadableStream Request Response TextDecoder TextDecoderStream ' +
      'TextEncoder TextEncoderStream TransformStream URL URLPattern URLSearchParams WebAssembly WebSocket ' +
      'WritableStream atob btoa clearImmediate clearInterval clearTimeout console crypto fetch performance process ' +
      'queueMicrotask setImmediate setInterval setTimeout structuredClone',
  ),
])

export const isWellKnown = (name: string): boolean => wellKnown.has(name)
