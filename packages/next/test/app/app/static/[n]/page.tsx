import { listed, static_ } from '../../../lib/statics'

export const revalidate = 3600
export const dynamicParams = false

export const generateStaticParams = async () => (await listed()).map((n) => ({ n }))

export default async function Page({ params }: { params: Promise<{ n: string }> }) {
  return <pre>{(await static_((await params).n)).run}</pre>
}
