// CRC-32 as zip uses it: zlib's, or four bytes a step; fflate computes it when writing but never checks it when reading.
import { nodeModule } from '../host/node-modules.ts'

const polynomial = 0xedb88320

/** `tables[k][byte]` advances the checksum of a byte that `k` more bytes follow. */
const tables = [new Uint32Array(256), new Uint32Array(256), new Uint32Array(256), new Uint32Array(256)] as const
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  tables[0][byte] = crc
}
for (let byte = 0; byte < 256; byte++) {
  for (let k = 1; k < 4; k++) {
    const shorter = tables[k - 1][byte]
    tables[k][byte] = (shorter >>> 8) ^ tables[0][shorter & 0xff]
  }
}

/** The CRC-32 of `bytes`, unsigned. */
export function crc32(bytes: Uint8Array): number {
  return nodeModule('node:zlib').crc32?.(bytes) ?? crc32InSteps(bytes)
}

/** Where there is no zlib, or one that does not tell. */
export function crc32InSteps(bytes: Uint8Array): number {
  const [one, two, three, four] = tables
  const whole = bytes.length - (bytes.length % 4)
  let crc = 0xffffffff
  let at = 0
  for (; at < whole; at += 4) {
    crc ^= bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    crc = four[crc & 0xff] ^ three[(crc >>> 8) & 0xff] ^ two[(crc >>> 16) & 0xff] ^ one[crc >>> 24]
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ one[(crc ^ bytes[at]) & 0xff]
  return ~crc >>> 0
}
