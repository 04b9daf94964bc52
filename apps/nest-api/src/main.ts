import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.ts'
import { readSettings } from './settings.ts'

const app = await NestFactory.create(AppModule)
app.enableShutdownHooks()
await app.listen(readSettings().port, '127.0.0.1')
console.log(`Listening at ${await app.getUrl()}`)
