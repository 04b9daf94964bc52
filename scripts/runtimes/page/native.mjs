// The program where the runtime starts it itself: prints its answers, of which three were asked for at once.
import { answer } from './program.mjs'

const atOnce = await Promise.all(['a', 'a', 'a'].map(answer))
console.log(JSON.stringify([...atOnce, await answer('a')]))
