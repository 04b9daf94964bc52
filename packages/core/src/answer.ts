/** What a store call may answer: a value at once, or a promise. */
export type Answer<T> = T | PromiseLike<T>

/** Whether a value is a promise of any make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return (
      ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
      typeof (value as { then?: unknown }).then === 'function'
    )
  } catch {
    // A result that throws for what it does not know is no promise.
    return false
  }
}

/** Lets the rejection of a promise that should not have been one be nobody's. */
export function hush(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => {})
}

/** Goes on with an answer: at once where it is there, and with a promise where it is one. */
export function follow<T, TNext>(answer: Answer<T>, next: (value: T) => Answer<TNext>): Answer<TNext> {
  return isThenable(answer) ? Promise.resolve(answer as PromiseLike<T>).then(next) : next(answer as T)
}

/** Runs what may fail at once or later, and answers with `failed` of it then. */
export function rescue<T>(run: () => Answer<T>, failed: (error: unknown) => T): Answer<T> {
  try {
    const answer = run()
    return isThenable(answer) ? Promise.resolve(answer as PromiseLike<T>).catch(failed) : answer
  } catch (error) {
    return failed(error)
  }
}

/** All answers of a list: at once where each of them is. */
export function every<T>(answers: readonly Answer<T>[]): Answer<readonly T[]> {
  return answers.some(isThenable) ? Promise.all(answers) : (answers as readonly T[])
}

/** Asks for each of a list: where one fails at once, what those before it come to is nobody's. */
export function each<TItem, T>(list: readonly TItem[], ask: (item: TItem) => Answer<T>): Answer<readonly T[]> {
  const answers: Answer<T>[] = []
  try {
    for (const item of list) answers.push(ask(item))
  } catch (error) {
    for (const answer of answers) hush(answer)
    throw error
  }
  return every(answers)
}
