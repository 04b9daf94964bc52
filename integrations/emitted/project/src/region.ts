/** Read once, with the module. */
export const region = process.env.SHOP_REGION ?? 'eu'
/** What it is made of differs from process to process for all that anybody knows. */
export const offset = Math.random() > 2 ? 1 : 0
