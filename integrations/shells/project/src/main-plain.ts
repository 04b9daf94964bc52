import { calls } from './plain.ts'
import { say } from './say.ts'

await say(calls)
