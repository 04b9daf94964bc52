import { NestFactory } from '@nestjs/core'
import { BenchModule } from './bench.module.ts'

const app = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] })
app.enableShutdownHooks()
await app.listen(0, '127.0.0.1')
console.log(`Listening at ${await app.getUrl()}`)
// What the process has computed, for whoever measures it.
process.on('message', () => process.send?.(process.cpuUsage()))
