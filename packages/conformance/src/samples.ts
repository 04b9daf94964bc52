/** Text that storages are known to change: encodings, normalisation, trimming, parsing. None is empty. */
export const awkwardTexts: Readonly<Record<string, string>> = {
  'letters beyond latin1': 'naïve café, Ελληνικά, 漢字, עברית',
  'astral characters': '𝒳 👩‍👩‍👧‍👦 \u{10FFFF}',
  'composed and decomposed letters': 'é e\u0301 Å A\u030A ﬁ',
  'NUL and control characters': 'a\u0000b\u0001\u001f\u007f\u0080',
  'a byte order mark and noncharacters': '\uFEFFx\uFFFE\uFFFF\uFEFF',
  'line ends': 'a\r\nb\nc\rd\u2028e\u2029f\r\n',
  'white space around': ' \t a \n ',
  'white space alone': '  ',
  'quotes and backslashes': `'"\`\\ \\\\ \\' \\u0041 \\x00 %00 $1 \${x}`,
  'text that looks like JSON': '{"value":{"a":[1,2.50]},"expires":1}',
  'a JSON string': '"quoted"',
  'text that looks like a number': '007.10',
  'the word null': 'null',
  'the word undefined': 'undefined',
  'markers of JSON dialects': ':base64:AAAA',
  'a doubled colon': '::x',
  'an entry-like text': 'a1.c2hhMjU2.{"k":"x"}\nbody\u0000',
}

/** Bytes that storages are known to change. A new copy at each call, so that no store can spoil the next run. */
export function awkwardBytes(): Readonly<Record<string, Uint8Array>> {
  const all = Uint8Array.from({ length: 256 }, (_, index) => index)
  return {
    'all byte values': all,
    'bytes that are not UTF-8': Uint8Array.of(0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0xf5),
    zeros: new Uint8Array(64),
    'one zero': new Uint8Array(1),
    'trailing zeros and line ends': Uint8Array.of(1, 13, 10, 26, 32, 0, 0),
    'a view into the middle of a larger buffer': new Uint8Array(all.buffer, 100, 7),
  }
}

/** Groups of keys that a storage may take for one another, printable ASCII. At most 64 keys a group. */
export const lookAlikeKeys: Readonly<Record<string, readonly string[]>> = {
  case: ['user:Ann', 'user:ann', 'USER:ANN', 'useR:ann'],
  'white space': ['space', 'space ', ' space', 'space  ', 'spa ce', 'spa  ce'],
  prefixes: ['p', 'pr', 'pre', 'prefix', 'prefix:', 'prefix:p'],
  escapes: ['\\u00e9', '\\u00E9', '\\xe9', '%C3%A9', '%c3%a9', '&eacute;', 'a+b', 'a%20b', 'a b', 'a%2Bb'],
  numbers: ['1', '01', '1.0', '1e0', '+1', '-1', '0', '-0', '0x1'],
}

/** Groups of keys that mean something to a storage, printable ASCII. At most 64 keys a group. */
export const meaningfulKeys: Readonly<Record<string, readonly string[]>> = {
  'glob patterns': ['*', '?', '**', 'a*', 'a?', 'ab', 'a[bc]', 'a\\*', '{a,b}', '!a'],
  SQL: ["a'b", "a''b", 'a"b', 'a%', 'a_', 'ab', "' OR '1'='1", "x'; DROP TABLE keyv; --", '$1', '?', ':a', 'a;b'],
  paths: ['../up', './up', 'up', '/up', 'a/b', 'a//b', 'a/./b', 'a/../b', 'b', 'a\\b', 'a/', '.', '..', '~'],
  'object properties': ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'length', '0'],
  words: ['undefined', 'null', 'true', 'NaN', '[object Object]', 'NIL', 'inf'],
  separators: ['a:b', 'a::b', ':a:b', 'a:b:', 'a.b', 'a|b', 'a,b', 'a;b', 'a#b', 'a&b', 'a=b', 'a{b}', '{a}b', 'a@b'],
}

/** Keys beyond printable ASCII, which core hands to stores of this process only. */
export const processKeys: readonly string[] = [
  '\u00e9',
  'e\u0301',
  'ß',
  'ss',
  'K',
  '\u212a',
  'a\u0000',
  'a\u0000b',
  'a\tb',
  'a\nb',
  'a\u200bb',
  '\ud800',
  '\udc00',
  '\ufffd',
  '😀',
]
