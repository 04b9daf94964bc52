/** What `gc` asks of a store. Every operation is one small request: nothing here may hold up the store's other users. */
export interface GcStore {
  /** For people, without credentials: `redis://127.0.0.1:6379/0`. */
  readonly name: string
  /** Anything about it to know first. */
  readonly note?: string | undefined
  /** Stored keys, page by page; a key may come twice. */
  pages(): AsyncIterable<readonly string[]>
  /** The values of some keys, in their order; nothing for what is gone or is no text. */
  values(keys: readonly string[]): Promise<readonly (string | undefined)[]>
  /** Removes entries that still hold what was read, and tells how many. */
  remove(entries: readonly StoredPair[]): Promise<number>
  close(): Promise<void>
}

export interface StoredPair {
  readonly key: string
  readonly value: string
}

/** What opening a store takes. */
export interface StoreTarget {
  readonly url: string
  /** The table, for databases. @default 'keyv' */
  readonly table: string
  /** Nothing will be removed. */
  readonly readOnly: boolean
  /** Where client libraries are looked for. */
  readonly root: string
  readonly cwd: string
}

/** How long a connection may take, in milliseconds. */
export const connectTimeout = 10_000
