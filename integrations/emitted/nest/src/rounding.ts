/** A helper in a file of its own. */
export const rounded = (value: number): number => Math.round(value * 100) / 100
