export { Autocache } from './autocache.ts'
export { Cached, type CachedDecorator, type CachedOptions } from './cached.ts'
export { AutocacheHealth, type AutocacheHealthOptions, type AutocacheHealthResult } from './health.ts'
export { AutocacheInterceptor } from './interceptor.ts'
export { Invalidates, type Invalidation } from './invalidates.ts'
export { AutocacheModule } from './module.ts'
export type {
  AutocacheModuleAsyncOptions,
  AutocacheModuleFactoryOptions,
  AutocacheModuleOptions,
  AutocacheOptionsFactory,
} from './module-options.ts'
export { CachedResponse, NoCache, type ResponseOptions, type Vary } from './response-options.ts'
