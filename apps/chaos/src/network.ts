import { spawnSync } from 'node:child_process'

/** Networks of their own for processes of this machine, which can be cut (Linux, as root, with iproute2). */
export interface Networks {
  /** The server's network, as what a program in it is started by, and its address there. */
  readonly server: readonly string[]
  readonly address: string
  /** One network for each side. */
  readonly sides: readonly (readonly string[])[]
  cut(side: number): void
  mend(side: number): void
  end(): void
}

const ip = (...words: string[]) => spawnSync('ip', words, { encoding: 'utf8' })

/** Why networks cannot be made here, if so. */
export function missing(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are there on Linux only'
  const name = `chaos-${process.pid}-probe`
  const made = ip('netns', 'add', name)
  if (made.error) return 'the command ip is not installed (apt-get install iproute2)'
  if (made.status !== 0) return `network namespaces are not permitted here: ${made.stderr.trim()}`
  ip('netns', 'del', name)
  return undefined
}

function need(...words: string[]): void {
  const { status, stderr, error } = ip(...words)
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${error ?? stderr}`)
}

/** A network for a server, and so many others with one way to it each. */
export function networks(count: number): Networks {
  const name = `chaos-${process.pid}`
  const spaces = [name, ...Array.from({ length: count }, (_, side) => `${name}-${side}`)]
  const within = (space: string) => ['ip', 'netns', 'exec', space]
  // The names of links have 15 characters at most, and are of one network.
  const link = (side: number) => `way${side}`
  const end = () => {
    for (const space of spaces) ip('netns', 'del', space)
  }
  try {
    for (const space of spaces) need('netns', 'add', space)
    for (const space of spaces) need('-n', space, 'link', 'set', 'lo', 'up')
    need('-n', name, 'addr', 'add', '10.213.0.1/32', 'dev', 'lo')
    for (let side = 0; side < count; side++) {
      const space = spaces[1 + side]!
      need('-n', name, 'link', 'add', link(side), 'type', 'veth', 'peer', 'name', 'way', 'netns', space)
      need('-n', name, 'addr', 'add', `10.213.${side + 1}.1/24`, 'dev', link(side))
      need('-n', space, 'addr', 'add', `10.213.${side + 1}.2/24`, 'dev', 'way')
      need('-n', name, 'link', 'set', link(side), 'up')
      need('-n', space, 'link', 'set', 'way', 'up')
      need('-n', space, 'route', 'add', '10.213.0.1/32', 'via', `10.213.${side + 1}.1`)
    }
  } catch (error) {
    end()
    throw error
  }
  return {
    server: within(name),
    address: '10.213.0.1',
    sides: spaces.slice(1).map(within),
    cut: (side) => need('-n', name, 'link', 'set', link(side), 'down'),
    mend: (side) => need('-n', name, 'link', 'set', link(side), 'up'),
    end,
  }
}
