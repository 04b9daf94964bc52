import type { CacheManagerLike } from '@autocache/cache-manager'
import { AutocacheError, type Store } from '@autocache/core'
import { type DynamicModule, Inject, Module, type OnModuleInit, type Provider } from '@nestjs/common'
import { ApplicationConfig, DiscoveryModule, ModuleRef, ModulesContainer } from '@nestjs/core'
import { Autocache } from './autocache.ts'
import { Boot } from './boot.ts'
import { AutocacheHealth } from './health.ts'
import { AutocacheInterceptor } from './interceptor.ts'
import type {
  AutocacheModuleAsyncOptions,
  AutocacheModuleFactoryOptions,
  AutocacheModuleOptions,
  AutocacheOptionsFactory,
} from './module-options.ts'

const optionsToken = Symbol('AutocacheModuleOptions')
/** What @nestjs/cache-manager provides. */
const managerToken = 'CACHE_MANAGER'

/** Brings {@link Autocache} into an application. Import it once, in the root module. */
export class AutocacheModule implements OnModuleInit {
  readonly #boot: Boot

  /** Nest makes it. */
  constructor(boot: Boot) {
    this.#boot = boot
  }

  /** Nest calls it when the modules are there. @throws AutocacheError for all that cannot be cached */
  onModuleInit(): void {
    this.#boot.run()
  }

  /**
   * @throws AutocacheError `INVALID_OPTION` at boot, for an option that is wrong or a store that is missing
   * @example
   * ```ts
   * @Module({ imports: [CacheModule.register(), AutocacheModule.forRoot({ namespace: 'shop', ttl: '10m' })] })
   * class AppModule {}
   * ```
   */
  static forRoot(options: AutocacheModuleOptions = {}): DynamicModule {
    const { isGlobal, imports } = options
    return define({ isGlobal, imports }, [{ provide: optionsToken, useValue: options }])
  }

  /** As `forRoot`, with options that a factory returns or a class makes. */
  static forRootAsync(options: AutocacheModuleAsyncOptions): DynamicModule {
    const { useFactory, useClass, useExisting, inject = [] } = options
    const maker = useExisting ?? useClass
    const made: Provider[] = useFactory
      ? [{ provide: optionsToken, useFactory, inject }]
      : maker
        ? [
            {
              provide: optionsToken,
              useFactory: (factory: AutocacheOptionsFactory): unknown => factory.createAutocacheOptions(),
              inject: [maker],
            },
          ]
        : []
    if (useClass) made.push({ provide: useClass, useClass })
    return define(options, made)
  }
}

function define(
  { isGlobal = true, imports = [] }: Pick<AutocacheModuleOptions, 'isGlobal' | 'imports'>,
  options: Provider[],
): DynamicModule {
  const cache: Provider = {
    provide: Autocache,
    inject: [optionsToken, ModuleRef, ModulesContainer, ApplicationConfig, { token: managerToken, optional: true }],
    useFactory: async (
      given: AutocacheModuleFactoryOptions,
      injector: ModuleRef,
      modules: ModulesContainer,
      config: ApplicationConfig,
      manager?: CacheManagerLike,
    ) => {
      const toStore = given.store ? undefined : await managerAdapter()
      const managerStore = () => {
        const found = manager ?? anywhere(injector)
        return found && toStore?.(found)
      }
      const made = new Autocache(given, managerStore, { modules, config })
      // Wrong options are an error here, where Nest says so and stops, and not at the first call.
      if (given.store || manager) void made.core
      return made
    },
  }
  return {
    module: AutocacheModule,
    global: isGlobal,
    imports: [DiscoveryModule, ...imports],
    providers: [...options, cache, Boot, AutocacheInterceptor, AutocacheHealth],
    exports: [Autocache, AutocacheInterceptor, AutocacheHealth],
  }
}

/** What makes a store of a CACHE_MANAGER: a package that applications with a store of their own do not need. */
async function managerAdapter(): Promise<(manager: CacheManagerLike) => Store> {
  try {
    return (await import('@autocache/cache-manager')).cacheManagerStore
  } catch (cause) {
    return () => {
      throw new AutocacheError(
        'INVALID_OPTION',
        'AutocacheModule found a CACHE_MANAGER, and @autocache/cache-manager, which makes a store of it, could not be ' +
          'loaded. Install it (`npm install @autocache/cache-manager`), or give a `store`.',
        { cause },
      )
    }
  }
}

/** The CACHE_MANAGER of a CacheModule that stands beside this module. */
function anywhere(injector: ModuleRef): CacheManagerLike | undefined {
  try {
    return injector.get<CacheManagerLike>(managerToken, { strict: false })
  } catch {
    return undefined
  }
}

Module({})(AutocacheModule)
Inject(Boot)(AutocacheModule, undefined, 0)
