/** Source maps for hosts that take a text and nothing beside it. */
import type { Stamped } from './living.ts'

/** The emitted text with its map in a comment. */
export function withInlineMap({ code, map }: Pick<Stamped, 'code' | 'map'>): string {
  const encoded = Buffer.from(String(map)).toString('base64')
  return `${code}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${encoded}\n`
}
