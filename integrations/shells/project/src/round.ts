/** Rounds to cents. */
export const round = (price: number): number => Math.round(price * 100) / 100
