/** What the reports have in common. */
export abstract class Report {
  /** The first rows, and how many there were. */
  protected shorten<TRow>(rows: readonly TRow[], limit: number) {
    return { rows: rows.slice(0, limit), total: rows.length }
  }
}
