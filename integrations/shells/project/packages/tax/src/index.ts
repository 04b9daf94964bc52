import { share } from './share.ts'

export const taxOf = (net: number): number => net * share
