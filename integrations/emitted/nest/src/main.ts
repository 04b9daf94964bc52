import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { cache } from './cache'
import { RatesService, Table } from './rates.service'

@Module({ providers: [Table, RatesService] })
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false })
  const rates = app.get(RatesService)
  const value = rates.gross('AT', 10)
  const { label, version } = cache.of(rates, 'gross')
  console.log(JSON.stringify({ label, version, value }))
  await app.close()
}

void main()
