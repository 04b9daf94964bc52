/** The hooks for ES modules on releases of Node that run them in a thread of their own. */
import type { InitializeHook, LoadHook } from 'node:module'
import { NodeLoader, type optionsOf } from './node-loader.ts'

let loader: NodeLoader | undefined

/** Called by Node with what `register` was given. */
export const initialize: InitializeHook<ReturnType<typeof optionsOf>> = (options) => {
  loader = new NodeLoader(options)
}

/** Called by Node for each module. */
export const load: LoadHook = async (url, context, nextLoad) => {
  const loaded = await nextLoad(url, context)
  const file = loaded.format === 'module' ? loader?.fileOf(url) : undefined
  if (file === undefined || loaded.source === undefined || loaded.source === null) return loaded
  const given = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source)
  const source = loader?.stamp(file, given)
  return source === undefined ? loaded : { ...loaded, source, shortCircuit: true }
}
