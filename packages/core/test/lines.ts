import type { Bus } from '../src/index.ts'

/** A bus whose ways to each process are cut, mended and emptied one by one; what is under way to one arrives in order. */
export class Lines {
  told = 0
  readonly all: Line[] = []

  connect(): Line {
    const line = new Line(this)
    this.all.push(line)
    return line
  }
}

export class Line implements Bus {
  cut = false
  /** Whether it takes nothing that is to be told. */
  refuses = false
  readonly #lines: Lines
  #waiting: (() => void)[] = []
  #last = -1
  #ear: { hear(message: string): void; gap(): void } | undefined

  constructor(lines: Lines) {
    this.#lines = lines
  }

  async publish(message: string): Promise<void> {
    if (this.refuses) throw new Error('refused')
    const number = (this.#lines.told += 1)
    for (const line of this.#lines.all) line.#send(() => line.#hear(number, () => line.#ear?.hear(message)))
  }

  listen(hear: (message: string) => void, gap: () => void): () => void {
    this.#ear = { hear, gap }
    return () => (this.#ear = undefined)
  }

  beat(): Promise<void> {
    const number = this.#lines.told
    return new Promise((resolve, reject) => {
      if (this.cut) reject(new Error('cut off'))
      this.#send(() => {
        if (number !== this.#last) this.#ear?.gap()
        this.#last = number
        resolve()
      })
    })
  }

  /** Lets everything arrive that is under way. */
  deliver(): void {
    for (const arrive of this.#waiting.splice(0)) arrive()
  }

  #send(arrive: () => void): void {
    if (!this.cut) this.#waiting.push(arrive)
  }

  #hear(number: number, hear: () => void): void {
    if (number !== this.#last + 1) this.#ear?.gap()
    this.#last = number
    hear()
  }
}
