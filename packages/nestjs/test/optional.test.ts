/** An application with a store of its own does not need what makes a store of Nest's. */
import { memoryStore } from '@autocache/core'
import { CacheModule } from '@nestjs/cache-manager'
import { Injectable } from '@nestjs/common'
import { expect, it, vi } from 'vitest'
import { Cached } from '../src/index.ts'
import { start } from './support/application.ts'

vi.mock('@autocache/cache-manager', () => {
  throw new Error("Cannot find package '@autocache/cache-manager'")
})

@Injectable()
class Reports {
  runs = 0
  @Cached()
  async sales(_year: number) {
    this.runs += 1
    return this.runs
  }
}

it('an application with a store runs without @autocache/cache-manager', async () => {
  const { app } = await start({ providers: [Reports] }, { store: memoryStore() })
  const reports = app.get(Reports)
  expect([await reports.sales(2024), await reports.sales(2024)]).toEqual([1, 1])
})

it('one with a CacheModule and no store is told at boot what to install', async () => {
  const parts = { imports: [CacheModule.register({ isGlobal: true })], providers: [Reports] }
  await expect(start(parts)).rejects.toThrow(/npm install @autocache\/cache-manager/)
})
