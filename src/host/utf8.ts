// Text and its bytes, also in Jest's jsdom environment, where the usual classes are missing.
import { nodeModule } from './node-modules.ts'

/** @throws TypeError for bytes that are not UTF-8 */
export function decodeUtf8(bytes: Uint8Array): string {
  const Decoder = globalThis.TextDecoder ?? nodeModule('node:util').TextDecoder
  return new Decoder('utf-8', { fatal: true }).decode(bytes)
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const Encoder = globalThis.TextEncoder ?? nodeModule('node:util').TextEncoder
  return new Encoder().encode(text)
}
