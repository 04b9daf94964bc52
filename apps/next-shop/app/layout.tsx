import type { Metadata } from 'next'
import Link from 'next/link'
import type { ReactNode } from 'react'
import './style.css'

export const metadata: Metadata = {
  title: { default: 'Atlas', template: '%s · Atlas' },
  description: 'A small atlas, cached by function: what answered, and how fast.',
}

const pages = [
  ['/', 'Start'],
  ['/atlas', 'Atlas'],
  ['/report', 'Report'],
  ['/change', 'Invalidate'],
  ['/side-by-side', 'Side by side'],
] as const

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">
          Skip to content
        </a>
        <header>
          <p className="brand">Atlas</p>
          <nav aria-label="Pages">
            <ul>
              {pages.map(([href, name]) => (
                <li key={href}>
                  <Link href={href}>{name}</Link>
                </li>
              ))}
            </ul>
          </nav>
        </header>
        <main id="main">{children}</main>
      </body>
    </html>
  )
}
