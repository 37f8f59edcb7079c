// Turns a WebAssembly module that is embedded as base64 into an instance, synchronously: matchers must not be async.

import { encodeUtf8 } from '../host/utf8.ts'

/** Decodes base64 with `Buffer` where there is one: it is a hundred times faster than `atob`. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  if (typeof Buffer !== 'undefined') return new Uint8Array(Buffer.from(text, 'base64'))
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Compiles an embedded module. Costs a few milliseconds, so callers do it on first use and keep the result. */
export function compileKernels(wasmBase64: string): WebAssembly.Module {
  return new WebAssembly.Module(decodeBase64(wasmBase64))
}

/** Compiles an embedded module, whose memory import has a maximum, for a shared memory. The code remains the same. */
export function compileSharedKernels(wasmBase64: string): WebAssembly.Module {
  const bytes = decodeBase64(wasmBase64)
  const limits = memoryLimitsAt(bytes)
  if (bytes[limits] !== Limits.maximum) throw new Error('the kernels do not import a memory with a maximum')
  bytes[limits] = Limits.sharedMaximum
  return new WebAssembly.Module(bytes)
}

/** The byte of an imported memory that says what its limits are. Source: WebAssembly specification, binary format, limits. */
const Limits = { maximum: 1, sharedMaximum: 3 } as const

/** Where the limits of the import `env.memory` are: behind the two names, each after its length, and the kind of import, 2. */
function memoryLimitsAt(bytes: Uint8Array): number {
  const before = encodeUtf8('\x03env\x06memory\x02')
  const start = bytes.findIndex((_, i) => before.every((byte, j) => bytes[i + j] === byte))
  return start + before.length
}

/** Instantiates compiled kernels over `memory`. */
export function instantiateKernels<Exports>(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  return exports as Exports
}
