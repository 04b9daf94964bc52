import { NestFactory } from '@nestjs/core'
import { BenchModule } from './bench.module.ts'

const app = await NestFactory.create(BenchModule, { logger: ['error', 'warn'] })
app.enableShutdownHooks()
await app.listen(0, '127.0.0.1')
console.log(`Listening at ${await app.getUrl()}`)
