import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import { Injectable, UseInterceptors } from '@nestjs/common'
import {
  Args,
  Context,
  Field,
  GraphQLModule,
  Int,
  Mutation,
  ObjectType,
  Parent,
  Query,
  ResolveField,
  Resolver,
} from '@nestjs/graphql'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, Cached, CachedResponse } from '../src/index.ts'
import { type Platform, start } from './support/application.ts'
import { inMemory } from './support/stores.ts'

@ObjectType()
class Airport {
  @Field()
  iata!: string
  @Field(() => Int)
  run!: number
  @Field()
  described?: string
}

@Injectable()
class Count {
  runs = 0
  changes = 0
}

@Resolver(() => Airport)
class Airports {
  constructor(readonly count: Count) {}

  @Query(() => Airport)
  @UseInterceptors(AutocacheInterceptor)
  airport(@Args('iata') iata: string): Airport {
    return { iata, run: (this.count.runs += 1) }
  }

  @Query(() => Airport)
  @UseInterceptors(AutocacheInterceptor)
  @CachedResponse({ vary: (request: any) => request.headers.authorization ?? 'nobody' })
  mine(@Context() context: any): Airport {
    return {
      iata: context.req?.headers.authorization ?? context.request?.headers.authorization,
      run: (this.count.runs += 1),
    }
  }

  @Cached()
  @Query(() => Airport)
  async method(@Args('iata') iata: string): Promise<Airport> {
    return { iata, run: (this.count.runs += 1) }
  }

  @Mutation(() => Int)
  @UseInterceptors(AutocacheInterceptor)
  change(): number {
    return (this.count.changes += 1)
  }

  @ResolveField(() => String)
  @Cached()
  async described(@Parent() airport: Airport): Promise<string> {
    return `airport ${airport.iata}`
  }
}

for (const platform of ['express', 'fastify'] as Platform[])
  describe(`GraphQL (${platform})`, () => {
    const graphql = async () => {
      const module = GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })
      const running = await start({ imports: [module], providers: [Airports, Count] }, inMemory(), { platform })
      const url = await running.app.getUrl()
      const ask = async (query: string, headers: Record<string, string> = {}) => {
        const response = await fetch(`${url.replace('[::1]', '127.0.0.1')}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query }),
        })
        const { data, errors } = (await response.json()) as { data: any; errors?: unknown }
        expect(errors).toBeUndefined()
        return data
      }
      return { ...running, ask }
    }

    it('a field of Query is cached by its arguments, and resolved as ever beneath', async () => {
      const { ask } = await graphql()
      const query = (iata: string) => `{ airport(iata: "${iata}") { iata run described } }`
      expect(await ask(query('TXL'))).toEqual({ airport: { iata: 'TXL', run: 1, described: 'airport TXL' } })
      expect(await ask(query('TXL'))).toEqual({ airport: { iata: 'TXL', run: 1, described: 'airport TXL' } })
      expect((await ask(query('JFK'))).airport.run).toBe(2)
    })

    it('a field is not cached for credentials that nothing covers, and is where `vary` does', async () => {
      const { ask } = await graphql()
      const query = '{ airport(iata: "TXL") { run } }'
      expect((await ask(query, { authorization: 'a' })).airport.run).toBe(1)
      expect((await ask(query, { authorization: 'a' })).airport.run).toBe(2)
      const mine = '{ mine { iata run } }'
      expect((await ask(mine, { authorization: 'ann' })).mine).toEqual({ iata: 'ann', run: 3 })
      expect((await ask(mine, { authorization: 'bob' })).mine).toEqual({ iata: 'bob', run: 4 })
      expect((await ask(mine, { authorization: 'ann' })).mine).toEqual({ iata: 'ann', run: 3 })
    })

    it('a mutation always runs', async () => {
      const { ask } = await graphql()
      expect(await ask('mutation { change }')).toEqual({ change: 1 })
      expect(await ask('mutation { change }')).toEqual({ change: 2 })
    })

    it('@Cached on a resolver keeps what GraphQL knows of it', async () => {
      const { ask, lines } = await graphql()
      expect(await ask('{ method(iata: "TXL") { iata run } }')).toEqual({ method: { iata: 'TXL', run: 1 } })
      expect(await ask('{ method(iata: "TXL") { iata run } }')).toEqual({ method: { iata: 'TXL', run: 1 } })
      expect(lines.of('Cached {Airports.airport#response}')).toHaveLength(1)
    })
  })
