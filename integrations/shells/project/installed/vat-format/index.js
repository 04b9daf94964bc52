export const format = (net) => `${net} + VAT`
