import type { Account } from './account.ts'

/** How often a line is written where it cannot be written over, and where it can, in milliseconds. */
const pauses = { lines: 5000, terminal: 250 } as const

/** Shows how a round goes, on one line that changes, until what it returns is called. */
export function follow(title: string, account: Account): () => void {
  const { isTTY } = process.stdout
  const line = () => {
    const { calls, hits, failed, wrong, unhandled } = account.seen
    const share = calls === 0 ? 0 : Math.round((hits / calls) * 100)
    const counts = `${calls.toLocaleString('en')} calls, ${share} % hits, ${failed} failed, ${wrong} wrong, ${unhandled} unhandled`
    return `chaos: ${title}, ${account.name}: ${account.now().toFixed(1)} s, ${counts}`
  }
  const write = () => (isTTY ? process.stdout.write(`\r${line()}\u001b[K`) : console.log(line()))
  const timer = setInterval(write, isTTY ? pauses.terminal : pauses.lines)
  return () => {
    clearInterval(timer)
    write()
    if (isTTY) process.stdout.write('\n')
  }
}
