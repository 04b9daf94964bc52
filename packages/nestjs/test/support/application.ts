import type { DynamicModule, INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { afterEach } from 'vitest'
import { Autocache, AutocacheModule, type AutocacheModuleOptions } from '../../src/index.ts'

/** The lines that Nest's logger was given. */
export class Lines implements LoggerService {
  readonly all: string[] = []
  log = (message: unknown) => void this.all.push(`log ${String(message)}`)
  warn = (message: unknown) => void this.all.push(`warn ${String(message)}`)
  error = (message: unknown) => void this.all.push(`error ${String(message)}`)
  debug = (message: unknown) => void this.all.push(`debug ${String(message)}`)
  of = (text: string) => this.all.filter((line) => line.includes(text))
}

/** An application under test, and how to talk to it. */
export interface Running {
  readonly app: INestApplication
  readonly cache: Autocache
  readonly lines: Lines
  get(path: string, headers?: Record<string, string>): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: any
}

const open: INestApplication[] = []
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

export type Platform = 'express' | 'fastify'

/** Starts an application with these parts over `AutocacheModule`, and closes it after the test. */
export async function start(
  parts: ModuleMetadata,
  options: AutocacheModuleOptions | DynamicModule = {},
  { platform = 'express', configure }: { platform?: Platform; configure?: (app: INestApplication) => void } = {},
): Promise<Running> {
  const lines = new Lines()
  const cached = 'module' in options ? options : AutocacheModule.forRoot(options)
  const module = await Test.createTestingModule({ ...parts, imports: [cached, ...(parts.imports ?? [])] })
    .setLogger(lines)
    .compile()
  const app =
    platform === 'fastify'
      ? module.createNestApplication(new FastifyAdapter() as never)
      : module.createNestApplication(new ExpressAdapter())
  app.useLogger(lines)
  configure?.(app)
  open.push(app)
  await app.listen(0, '127.0.0.1')
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1')
  return {
    app,
    lines,
    cache: app.get(Autocache),
    async get(path, headers = {}) {
      const response = await fetch(url + path, { headers })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json')
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson && text !== '' ? JSON.parse(text) : undefined,
      }
    },
  }
}
