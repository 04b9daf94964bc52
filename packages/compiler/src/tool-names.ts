/**
 * Free names that a tool and no author wrote. What refers to one is refused like any other free name; that it is known
 * lets the refusal say why, and what helps.
 */

export type ToolReason = 'instrumented' | 'bundled' | 'down-levelled'

const names: readonly (readonly [RegExp, ToolReason, string])[] = [
  [/^(?:cov_\w+|__cov_\w+|__coverage__|_\$jscoverage)$/, 'instrumented', 'counters of a coverage tool'],
  [/^\$_\$/, 'instrumented', 'counters of Wallaby'],
  [/^__(?:vite|vi)_/, 'bundled', 'imports rewritten by Vite'],
  [/__webpack_|_WEBPACK_/, 'bundled', 'imports rewritten by webpack'],
  [/__turbopack_|__TURBOPACK_/, 'bundled', 'imports rewritten by Turbopack'],
  [
    /^(?:__rspack|__toCommonJS|__toESM|__commonJS|__esm|__require|parcelRequire)|^\$[\da-f]{6,}\$|^_?\$\$_(?:REQUIRE|IMPORT)/,
    'bundled',
    'names of a bundler',
  ],
  [/^tslib(?:_\d+)?$|^regeneratorRuntime$|^__[a-zA-Z]\w*$/, 'down-levelled', 'helpers of a transpiler'],
  [
    new RegExp(
      '^_(?:c|regenerator\\w*|async(?:ToGenerator|_to_generator|Iterator|GeneratorDelegate)|await(?:AsyncGenerator|_async_generator)|' +
        'wrap(?:AsyncGenerator|_async_generator|NativeSuper|RegExp)|object(?:Spread|_spread)\\w*|objectWithoutProperties\\w*|' +
        'object_without_properties\\w*|defineProperty|define_property|slicedToArray|sliced_to_array|toConsumableArray|' +
        'to_consumable_array|toArray|toPropertyKey|extends|classCallCheck|class_call_check|createClass|create_class|' +
        'class(?:Private|StaticPrivate)\\w+|class_private\\w+|inherits|callSuper|call_super|typeof|type_of|taggedTemplateLiteral\\w*|' +
        'tagged_template_literal\\w*|createForOfIteratorHelper\\w*|ts_\\w+|interop\\w*|usingCtx|applyDecs\\w*)\\d*$',
    ),
    'down-levelled',
    'helpers of a transpiler',
  ],
]

/** What a free name says of the tool that wrote it. */
export function toolOf(name: string): { readonly reason: ToolReason; readonly what: string } | undefined {
  const found = names.find(([pattern]) => pattern.test(name))
  return found && { reason: found[1], what: found[2] }
}
