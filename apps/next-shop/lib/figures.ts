/** A helper that both the atlas and the report reach. */
export const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits
