/** What stands around a handler besides JSON over HTTP: views, compression, and calls that are no requests for a response. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { Controller, Get, type INestApplication, Param, Render } from '@nestjs/common'
import { APP_INTERCEPTOR, ExternalContextCreator } from '@nestjs/core'
import { describe, expect, it } from 'vitest'
import { AutocacheInterceptor } from '../src/index.ts'
import { start } from './support/application.ts'
import { inMemory, sharedStore } from './support/stores.ts'

let runs = 0

@Controller()
class Pages {
  @Get('page/:name')
  @Render('page.txt')
  page(@Param('name') name: string) {
    return { name, run: (runs += 1) }
  }

  @Get('list')
  list() {
    return Array.from({ length: 100 }, (_, id) => ({ id, run: (runs += 1) }))
  }

  message(of: unknown) {
    runs += 1
    if (of instanceof Error) throw of
    return { of, run: runs }
  }
}

const everywhere = { controllers: [Pages], providers: [{ provide: APP_INTERCEPTOR, useClass: AutocacheInterceptor }] }

const stores = {
  'references in memory': () => inMemory(),
  'text that is shared': () => ({ store: sharedStore(), namespace: 'contexts', version: '1', ttl: '1m' as const }),
}

for (const [held, options] of Object.entries(stores))
  describe(`an interceptor for all handlers (${held})`, () => {
    it('a view is rendered anew from what the handler returned once', async () => {
      let rendered = 0
      const configure = (app: INestApplication) => {
        const instance = app.getHttpAdapter().getInstance()
        class View {
          constructor(readonly name: string) {}
          path = 'view'
          render(locals: { name: string; run: number }, done: (error: unknown, text: string) => void) {
            rendered += 1
            done(null, `<p>${locals.name} ${locals.run} ${this.name}</p>`)
          }
        }
        instance.set('view', View)
      }
      const { get } = await start(everywhere, options(), { configure })
      const first = await get('/page/ann')
      expect(first.text).toBe(`<p>ann ${runs} page.txt</p>`)
      const second = await get('/page/ann')
      expect(second.text).toBe(first.text)
      expect(['content-type', 'etag', 'content-length'].map((name) => second.headers.get(name))).toEqual(
        ['content-type', 'etag', 'content-length'].map((name) => first.headers.get(name)),
      )
      expect(second.headers.get('content-type')).toMatch(/^text\/html/)
      expect(rendered).toBe(2)
      expect((await get('/page/bob')).text).toBe(`<p>bob ${runs} page.txt</p>`)
    })

    it('a response goes through the compression in front as it does without the cache', async () => {
      const configure = (app: INestApplication) =>
        void app.use((request: any, response: any, next: () => void) => {
          const { end } = response
          if (request.headers['x-zip'] !== undefined)
            response.end = (body: Buffer | string) => {
              response.setHeader('x-zipped', 'yes')
              const zipped = gzipSync(body)
              response.setHeader('content-length', zipped.length)
              return end.call(response, zipped)
            }
          next()
        })
      const { app } = await start(everywhere, options(), { configure })
      const url = `${(await app.getUrl()).replace('[::1]', '127.0.0.1')}/list`
      const ask = async (headers: Record<string, string>) => {
        const response = await fetch(url, { headers })
        const body = Buffer.from(await response.arrayBuffer())
        const isZipped = response.headers.get('x-zipped') === 'yes'
        return { isZipped, etag: response.headers.get('etag'), text: String(isZipped ? gunzipSync(body) : body) }
      }
      const asked = [await ask({ 'x-zip': '1' }), await ask({ 'x-zip': '1' }), await ask({})]
      expect(asked.map(({ isZipped }) => isZipped)).toEqual([true, true, false])
      expect(new Set(asked.map(({ etag, text }) => `${etag} ${text}`)).size).toBe(1)
    })

    for (const type of ['rpc', 'ws'])
      it(`a context of type ${type} is left alone, with all that its handler says`, async () => {
        const { app, cache } = await start(everywhere, options())
        const pages = app.get(Pages)
        const ask = app
          .get(ExternalContextCreator)
          .create(pages, pages.message, 'message', undefined, undefined, undefined, undefined, undefined, type)
        const failure = new Error('theirs')
        // It looks like a request.
        const payload = { method: 'GET', headers: {}, params: {}, query: {} }
        for (let i = 1; i <= 2; i += 1) {
          const before = runs
          expect(await ask(payload, {})).toEqual({ of: payload, run: before + 1 })
          await expect(ask(failure, {})).rejects.toBe(failure)
          expect(runs).toBe(before + 2)
        }
        expect(cache.stats().total).toEqual({})
      })
  })
