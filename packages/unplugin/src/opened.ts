/** What the plugins of webpack and Rspack share with their loader, which is given nothing but JSON. */
import type { Living } from './living.ts'

interface Opened {
  readonly living: Living
  /** The fingerprint of each module that the loader has seen, as it was built last. */
  readonly built: Map<string, string>
}

const opened = new Map<string, Opened>()

/** Makes an analysis known to the loader; the name of it. */
export function openFor(shared: Opened): string {
  const name = `${shared.living.root}#${opened.size}`
  opened.set(name, shared)
  return name
}

/** What was opened by that name in this process. */
export const openedAs = (name: string | undefined): Opened | undefined => opened.get(name ?? '')
