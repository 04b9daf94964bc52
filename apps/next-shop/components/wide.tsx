import type { ReactNode } from 'react'

/** What may be wider than a phone: it scrolls by itself, and with the keyboard, so it has a name. */
export function Wide({ name, children }: { name: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached without a mouse.
    <section className="table" aria-label={name} tabIndex={0}>
      {children}
    </section>
  )
}
