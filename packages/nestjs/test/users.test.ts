/** Users as applications know them: by passport, by a session, by the context of GraphQL. Two of them never share. */
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo'
import {
  type CallHandler,
  type CanActivate,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  type INestApplication,
  Injectable,
  Post,
  Query as QueryParameter,
  Req,
  Session,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common'
import {
  Args,
  Context,
  Field,
  GqlExecutionContext,
  GraphQLModule,
  Int,
  ObjectType,
  Query,
  Resolver,
} from '@nestjs/graphql'
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport'
import session from 'express-session'
import { Strategy } from 'passport'
import { map } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor, Cached, CachedResponse } from '../src/index.ts'
import { type Platform, start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

let runs = 0
const stores = {
  'references in memory': () => inMemory(),
  'text that is shared': () => ({ store: sharedStore(), namespace: 'users', version: '1', ttl: '1m' as const }),
}

/** A body that says whose it is. */
interface Owned {
  readonly user: string | undefined
  readonly run: number
}

/** Asks for each user, twice, the first time all at once; everybody gets his own. */
async function checkApart(users: readonly string[], ask: (user: string) => Promise<Owned>): Promise<Owned[]> {
  const all: Owned[] = []
  for (let i = 0; i < 2; i += 1) {
    const answers = await Promise.all([...users, ...users].map((user) => ask(user)))
    expect(answers.map(({ user }) => user)).toEqual([...users, ...users])
    all.push(...answers)
  }
  return all
}

class Account {
  constructor(readonly id: string) {}
}

/** Signs in by a header that is none of those which always say who asks, or by a query. */
class TokenStrategy extends (Strategy as any) {
  name = 'token'
  authenticate(this: any, request: any) {
    const token = request.headers['x-token'] ?? request.query.token
    if (!token) return this.fail(401)
    this.success(request.headers['x-entity'] ? new Account(token) : { id: token })
  }
}

@Injectable()
class Token extends PassportStrategy(TokenStrategy as any, 'token') {
  validate(user: unknown) {
    return user
  }
}

const User = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest().user
})

@Injectable()
class Named {
  intercept(context: ExecutionContext, next: CallHandler) {
    const { user } = context.switchToHttp().getRequest()
    return next.handle().pipe(map((data: object) => ({ user: user.id, ...data })))
  }
}

@UseGuards(AuthGuard('token'))
@UseInterceptors(AutocacheInterceptor)
@Controller('passport')
class Passported {
  @Get('request')
  request(@Req() { user }: any) {
    return { user: user.id, run: (runs += 1) }
  }
  @Get('decorator')
  decorator(@User() user: any) {
    return { user: user.id, run: (runs += 1) }
  }
  @Get('interceptor')
  @UseInterceptors(Named)
  interceptor() {
    return { run: (runs += 1) }
  }
  @Get('covered')
  @CachedResponse({ vary: ['authorization'] })
  covered(@User() user: any) {
    return { user: user.id, run: (runs += 1) }
  }
  @Get('by-user')
  @CachedResponse({ vary: (request: any) => request.user?.id })
  byUser(@User() user: any) {
    return { user: user.id, run: (runs += 1) }
  }
  @Get('method')
  @Cached({ version: '1', key: (user: any) => user.id })
  async method(@User() user: any) {
    return { user: user.id, run: (runs += 1) }
  }
  @Get('keyless')
  @Cached({ version: '1' })
  async keyless(@User() user: any) {
    return { user: user.id, run: (runs += 1) }
  }
}

for (const [held, options] of Object.entries(stores))
  for (const platform of ['express', 'fastify'] as Platform[])
    describe(`users of passport (${platform}, ${held})`, () => {
      it.each(['request', 'decorator', 'interceptor', 'covered', 'by-user', 'method', 'keyless'])(
        'never share what the handler takes by %s, first requests at once',
        async (path) => {
          const { get } = await start(
            { imports: [PassportModule], controllers: [Passported], providers: [Token] },
            options(),
            { platform },
          )
          const byHeader = await checkApart(['ann', 'bob'], async (user) => {
            return (await get(`/passport/${path}`, { 'x-token': user })).json
          })
          await checkApart(['ann', 'bob'], async (user) => (await get(`/passport/${path}?token=${user}`)).json)
          // An entity of a database: no key can be made of it.
          await checkApart(['ann', 'bob'], async (user) => {
            return (await get(`/passport/${path}`, { 'x-token': user, 'x-entity': 'yes', authorization: 'gateway' }))
              .json
          })
          await checkApart(['cat', 'dan'], async (user) => {
            return (await get(`/passport/${path}`, { 'x-token': user, authorization: 'gateway' })).json
          })
          const isCached = ['by-user', 'method', 'keyless'].includes(path)
          expect(new Set(byHeader.map(({ run }) => run)).size).toBe(isCached ? 2 : 8)
          expect((await get(`/passport/${path}`)).status).toBe(401)
        },
      )
    })

@UseInterceptors(AutocacheInterceptor)
@Controller('session')
class Sessions {
  @Post('in')
  signIn(@Session() held: any, @QueryParameter('user') user: string) {
    held.user = user
    return {}
  }
  @Get('session')
  session(@Session() held: any) {
    return { user: held.user, run: (runs += 1) }
  }
  @Get('request')
  request(@Req() request: any) {
    return { user: request.session.user, run: (runs += 1) }
  }
  @Get('by-user')
  @CachedResponse({ vary: (request: any) => request.session.user ?? 'nobody' })
  byUser(@Session() held: any) {
    return { user: held.user, run: (runs += 1) }
  }
  @Get('by-cookie')
  @CachedResponse({ vary: ['cookie'] })
  byCookie(@Session() held: any) {
    return { user: held.user, run: (runs += 1) }
  }
  @Get('counted')
  counted() {
    return { run: (runs += 1) }
  }
}

for (const [held, options] of Object.entries(stores))
  describe(`users of express-session (${held})`, () => {
    const application = async (saveUninitialized: boolean) => {
      const running = await start({ controllers: [Sessions] }, options(), {
        configure: (app: INestApplication) =>
          void app.use(session({ secret: 'secret', resave: false, saveUninitialized })),
      })
      const url = (await running.app.getUrl()).replace('[::1]', '127.0.0.1')
      const signIn = async (user: string) => {
        const { headers } = await fetch(`${url}/session/in?user=${user}`, { method: 'POST' })
        return headers.getSetCookie()[0]!.split(';')[0]!
      }
      return { ...running, cookies: { ann: await signIn('ann'), bob: await signIn('bob') } as Record<string, string> }
    }

    it.each(['session', 'request', 'by-user', 'by-cookie'])(
      'never share what the handler takes by %s, first requests at once',
      async (path) => {
        const { get, cookies } = await application(false)
        const answers = await checkApart(['ann', 'bob'], async (user) => {
          return (await get(`/session/${path}`, { cookie: cookies[user]! })).json
        })
        expect(new Set(answers.map(({ run }) => run)).size).toBe(path.startsWith('by-') ? 2 : 8)
        for (let i = 0; i < 2; i += 1) expect((await get(`/session/${path}`)).json.user).toBeUndefined()
      },
    )

    it('get sessions of their own from a response that is cached', async () => {
      const { get } = await application(true)
      const [one, other] = [await get('/session/counted'), await get('/session/counted')]
      expect(other.json).toEqual(one.json)
      const ids = [one, other].map(({ headers }) => headers.getSetCookie()[0]!.split(';')[0])
      expect(new Set(ids).size).toBe(2)
      expect(ids).not.toContain(undefined)
    })
  })

@ObjectType()
class Me {
  @Field({ nullable: true })
  user?: string
  @Field(() => Int)
  run!: number
}

const Viewer = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { viewer, user, req, request } = GqlExecutionContext.create(context).getContext()
  return viewer ?? user ?? (req ?? request)?.user
})

/** As a guard of GraphQL does: the user is put where the resolver will look. */
@Injectable()
class Sign implements CanActivate {
  canActivate(context: ExecutionContext) {
    const shared = GqlExecutionContext.create(context).getContext()
    const request = shared.req ?? shared.request
    const { 'x-request-user': inRequest, 'x-context-user': inContext } = request.headers
    if (inRequest) request.user = { id: inRequest }
    if (inContext) shared.user = { id: inContext }
    return true
  }
}

@Injectable()
class Told {
  intercept(context: ExecutionContext, next: CallHandler) {
    const { viewer } = GqlExecutionContext.create(context).getContext()
    return next.handle().pipe(map((data: object) => ({ ...data, user: viewer?.id })))
  }
}

@Resolver()
@UseInterceptors(AutocacheInterceptor)
class Viewers {
  @Query(() => Me)
  @UseGuards(Sign)
  decorator(@Viewer() viewer: any): Me {
    return { user: viewer?.id, run: (runs += 1) }
  }
  @Query(() => Me)
  @UseGuards(Sign)
  context(@Context() { viewer, user, req, request }: any): Me {
    return { user: (viewer ?? user ?? (req ?? request)?.user)?.id, run: (runs += 1) }
  }
  @Query(() => Me)
  @UseInterceptors(Told)
  interceptor(): Me {
    return { run: (runs += 1) }
  }
  @Query(() => Me)
  @UseGuards(Sign)
  @CachedResponse({ vary: (_request: any, context: ExecutionContext) => viewerOf(context)?.id })
  byViewer(@Viewer() viewer: any): Me {
    return { user: viewer?.id, run: (runs += 1) }
  }
  @Query(() => Me)
  argument(@Args('user') user: string): Me {
    return { user, run: (runs += 1) }
  }
}

const viewerOf = (context: ExecutionContext) => {
  const { viewer, user, req, request } = GqlExecutionContext.create(context).getContext()
  return viewer ?? user ?? (req ?? request)?.user
}

for (const [held, options] of Object.entries(stores))
  for (const platform of ['express', 'fastify'] as Platform[])
    describe(`users of a GraphQL context (${platform}, ${held})`, () => {
      const application = async () => {
        const running = await start(
          {
            imports: [
              GraphQLModule.forRoot<ApolloDriverConfig>({
                driver: ApolloDriver,
                autoSchemaFile: true,
                // A batch has one context for many fields.
                allowBatchedHttpRequests: true,
                context: (one: any, other: any) => {
                  const req = one.req ?? one
                  const viewer = req.headers['x-viewer']
                  return { req, res: one.res ?? other, ...(viewer && { viewer: { id: viewer } }) }
                },
              }),
            ],
            providers: [Viewers],
          },
          options(),
          { platform },
        )
        const url = (await running.app.getUrl()).replace('[::1]', '127.0.0.1')
        return async (query: string, headers: Record<string, string>) => {
          const response = await fetch(`${url}/graphql`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body: JSON.stringify({ query }),
          })
          const { data, errors } = (await response.json()) as any
          expect(errors).toBeUndefined()
          return data
        }
      }

      it.each(['decorator', 'context', 'interceptor', 'byViewer'])(
        'never share what a field takes by %s, first requests at once',
        async (field) => {
          const ask = await application()
          const headers = field === 'interceptor' ? ['x-viewer'] : ['x-viewer', 'x-request-user', 'x-context-user']
          for (const header of headers)
            await checkApart(['ann', 'bob'], async (user) => {
              return (await ask(`{ ${field} { user run } }`, { [header]: user }))[field]
            })
        },
      )

      it('share a field that asks for nobody, apart by its arguments', async () => {
        const ask = await application()
        const answers = await checkApart(['ann', 'bob'], async (user) => {
          return (await ask(`{ argument(user: "${user}") { user run } }`, { 'x-viewer': user })).argument
        })
        expect(new Set(answers.map(({ run }) => run)).size).toBe(2)
        const both = '{ a: argument(user: "ann") { user run } b: argument(user: "bob") { user run } }'
        const { a, b } = await ask(both, {})
        expect([a.user, b.user]).toEqual(['ann', 'bob'])
      })
    })
