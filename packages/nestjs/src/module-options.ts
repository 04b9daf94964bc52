import type { AutocacheOptions, Store } from '@autocache/core'
import type { DynamicModule, FactoryProvider, ModuleMetadata, Type } from '@nestjs/common'
import type { ResponseOptions } from './response-options.ts'

/**
 * The options of the module: those of core's `createAutocache`, which are defaults for every cached method and response,
 * and three more.
 */
export interface AutocacheModuleOptions extends Omit<AutocacheOptions<Store>, 'key' | 'cacheIf'> {
  /**
   * Where entries live.
   * @default the CACHE_MANAGER of an imported CacheModule
   */
  readonly store?: Store | undefined
  /** Whether every module sees `Autocache` without importing this one. @default true */
  readonly isGlobal?: boolean | undefined
  /** Modules that the options need, such as `CacheModule.register()`. */
  readonly imports?: ModuleMetadata['imports'] | undefined
  /** Defaults for the responses that `AutocacheInterceptor` caches. */
  readonly response?: Omit<ResponseOptions, 'name' | 'key'> | undefined
}

/** What a factory of options returns: all but what Nest must know before. */
export type AutocacheModuleFactoryOptions = Omit<AutocacheModuleOptions, 'isGlobal' | 'imports'>

/** A class that makes options, for `useClass` and `useExisting`. */
export interface AutocacheOptionsFactory {
  createAutocacheOptions(): AutocacheModuleFactoryOptions | Promise<AutocacheModuleFactoryOptions>
}

/** How `forRootAsync` comes by its options. */
export interface AutocacheModuleAsyncOptions {
  readonly isGlobal?: boolean | undefined
  readonly imports?: DynamicModule['imports'] | undefined
  readonly inject?: FactoryProvider['inject'] | undefined
  readonly useFactory?:
    | ((...injected: any[]) => AutocacheModuleFactoryOptions | Promise<AutocacheModuleFactoryOptions>)
    | undefined
  readonly useClass?: Type<AutocacheOptionsFactory> | undefined
  readonly useExisting?: Type<AutocacheOptionsFactory> | undefined
}
