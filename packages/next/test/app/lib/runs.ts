/** Another text for each run: two answers with the same one came from one run. */
export const stamp = (name: string): string => `${name}:${crypto.randomUUID()}`
