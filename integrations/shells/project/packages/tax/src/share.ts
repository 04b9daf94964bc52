export const share = 0.2
