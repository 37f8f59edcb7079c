// Text and its bytes, also in Jest's jsdom environment, where the usual classes are missing.
import { nodeModule } from './node-modules.ts'

const decoderClass = () => globalThis.TextDecoder ?? nodeModule('node:util').TextDecoder

/** @throws TypeError for bytes that are not UTF-8 */
export const decodeUtf8 = (bytes: Uint8Array): string => new (decoderClass())('utf-8', { fatal: true }).decode(bytes)

/** As UTF-8, with U+FFFD for bytes that are not. */
export const decodeText = (bytes: Uint8Array): string => new (decoderClass())().decode(bytes)

/** One character for each byte. */
export const decodeLatin1 = (bytes: Uint8Array): string => new (decoderClass())('latin1').decode(bytes)

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const Encoder = globalThis.TextEncoder ?? nodeModule('node:util').TextEncoder
  return new Encoder().encode(text)
}
