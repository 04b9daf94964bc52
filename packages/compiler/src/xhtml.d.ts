declare module 'acorn-jsx/xhtml.js' {
  /** What each named entity of JSX stands for. */
  const entities: Readonly<Record<string, string>>
  export default entities
}
