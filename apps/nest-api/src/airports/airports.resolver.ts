import { Cached } from '@autocache/nestjs'
import { Args, Field, Float, Int, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql'
import { ConnectionsService } from '../reports/connections.service.ts'
import { AirportsRepository } from './airports.repository.ts'

@ObjectType('Airport')
export class AirportType {
  @Field()
  iata!: string

  @Field()
  name!: string

  @Field()
  city!: string

  @Field(() => Float)
  latitude!: number

  @Field(() => Float)
  longitude!: number
}

@Resolver(() => AirportType)
export class AirportsResolver {
  constructor(
    private readonly airports: AirportsRepository,
    private readonly ways: ConnectionsService,
  ) {}

  @Query(() => AirportType, { nullable: true })
  @Cached({ ttl: '1h' })
  async airport(@Args('iata') iata: string): Promise<AirportType | null> {
    return (await this.airports.find(iata)) ?? null
  }

  @ResolveField(() => Int, { description: 'How many airports one reaches with at most two changes.' })
  async reach(@Parent() airport: AirportType): Promise<number> {
    return (await this.ways.reach(airport.iata)).airports
  }
}
