import { price } from '../../lib/prices'
import { show } from '../../lib/show'

export const dynamic = 'force-dynamic'

export default async function Page() {
  return <pre>{JSON.stringify(show(await price('ada')))}</pre>
}
