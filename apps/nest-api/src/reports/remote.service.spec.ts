import { memoryStore } from '@autocache/core'
import { Autocache, AutocacheModule } from '@autocache/nestjs'
import { Test } from '@nestjs/testing'
import { expect, it } from 'vitest'
import { AirportsRepository } from '../airports/airports.repository.ts'
import { RemoteService } from './remote.service.ts'

/** Three airports of one state. */
class FewAirports {
  reads = 0

  async all() {
    this.reads += 1
    return ['A', 'B', 'C'].map((iata, at) => ({ iata, city: iata, state: 'AK', latitude: 60 + at ** 2, longitude: 0 }))
  }
}

it('the loneliest airport comes first, measured once, under a version of the tests', async () => {
  const module = await Test.createTestingModule({
    imports: [AutocacheModule.forRoot({ store: memoryStore() })],
    providers: [RemoteService, { provide: AirportsRepository, useClass: FewAirports }],
  }).compile()
  const [service, airports] = [module.get(RemoteService), module.get<FewAirports>(AirportsRepository as never)]
  const first = await service.remote('AK', 1)
  expect(first.rows[0]?.iata).toBe('C')
  expect(await service.remote('AK', 1)).toEqual(first)
  expect(airports.reads).toBe(1)
  expect(module.get(Autocache).of(service, 'remote').version).toMatch(/^t1-/)
})
