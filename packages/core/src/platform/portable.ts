/** SHA-256 at no cost in size: there is none here that answers at once. */
export const digest: ((text: string) => string) | undefined = undefined

/** The channel on which every event goes out: there is none here. */
export const diagnostics: { readonly hasSubscribers: boolean; publish(event: unknown): void } | undefined = undefined

type Storage = new () => typeof context

interface Host {
  readonly process?: { getBuiltinModule?(name: string): { readonly AsyncLocalStorage?: Storage } | undefined }
  readonly AsyncLocalStorage?: Storage
}

/** Node's async context, where the runtime hands it out without an import: workers with `nodejs_compat`, Next's edge runtime. */
function storageOf({ process, AsyncLocalStorage }: Host): Storage | undefined {
  try {
    return process?.getBuiltinModule?.('node:async_hooks')?.AsyncLocalStorage ?? AsyncLocalStorage
  } catch {
    // Next's edge runtime names the function, and throws when it is called.
    return AsyncLocalStorage
  }
}

const Storage = storageOf(globalThis as Host)

/** Runs a function outside the async context of whoever calls (R08): there is none to leave here. */
export const detached: <TResult>(run: () => TResult) => TResult = (run) => run()

let current: object | undefined

/** What runs now; without async context only until the first await. */
export const context: { run<T>(store: object, run: () => T): T; getStore(): object | undefined; rest?(): void } =
  Storage
    ? new Storage()
    : {
        run(store, run) {
          const outer = current
          current = store
          try {
            return run()
          } finally {
            current = outer
          }
        },
        getStore: () => current,
      }

/** Resolves one full turn of the event loop later. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

/**
 * Calls `run` after `ms` milliseconds unless the returned function is called first. A timer of its own for each wait:
 * where requests own their timers (workers), a shared one would end with the request that happened to start it.
 */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** Calls `run` after `ms` milliseconds. */
export function later(ms: number, run: () => void): void {
  setTimeout(run, ms)
}

/** The name of the running package cannot be known here; a shared store needs `namespace`. */
export function packageName(): string | undefined {
  return undefined
}
