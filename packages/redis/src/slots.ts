/** Where a key stands in a cluster: CRC-16/XMODEM of the key, or of what stands in its first pair of braces, modulo 16384. */

const utf8 = new TextEncoder()

const table = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc
})

/** The part of a key that decides its slot. */
export function slotText(key: string): string {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  return close > open + 1 ? key.slice(open + 1, close) : key
}

/** The slot of a key. */
export function slotOf(key: string): number {
  let crc = 0
  for (const byte of utf8.encode(slotText(key))) crc = ((crc << 8) ^ table[((crc >> 8) ^ byte) & 0xff]!) & 0xffff
  return crc % 16384
}

/** A key of another purpose in the slot of a key, where braces in it do not forbid that. */
export function besides(purpose: string, key: string): string {
  const text = slotText(key)
  return text === key ? `${purpose}{${key}}` : `${purpose}{${text}}${key}`
}
