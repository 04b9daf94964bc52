/** A helper in a file of its own. */
export const round = (value: number): number => Math.round(value * 100) / 100
