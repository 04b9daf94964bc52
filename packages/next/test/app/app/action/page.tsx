import { other, price } from '../../lib/prices'

export const dynamic = 'force-dynamic'

async function invalidate() {
  'use server'
  await price.invalidate('ada')
  // What an action computes afterwards, and what it renders, is of after the change.
  console.log(`action: ${(await price('ada')).run}`)
}

export default async function Page() {
  const [ada, bob] = [await price('ada'), await price('bob')]
  return (
    <main>
      <p id="ada">{ada.run}</p>
      <p id="bob">{bob.run}</p>
      <p id="other">{(await other('ada')).run}</p>
      <form action={invalidate}>
        <button type="submit">Invalidate</button>
      </form>
    </main>
  )
}
