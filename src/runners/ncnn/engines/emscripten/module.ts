// Binds ncnn's C API in a module that Emscripten made.
import { reasonOf } from '../../../../host/reason.ts'
import { decodeText, encodeUtf8 } from '../../../../host/utf8.ts'
import { NcnnError } from '../../error.ts'
import {
  explainMissing,
  type NcnnFunctions,
  type NcnnLibrary,
  type Pointer,
  signatures,
  type ValueType,
} from '../c-api/functions.ts'

/**
 * What Emscripten makes of a build of ncnn: `_malloc`, `_free`, `_ncnn_*`, and a view of the memory (`HEAPU8`) or the memory itself
 * (`wasmMemory`).
 */
export interface EmscriptenModule {
  readonly HEAPU8?: Uint8Array
  readonly wasmMemory?: { readonly buffer: ArrayBufferLike }
}

type Exported = (...values: readonly number[]) => unknown

/** @throws {NcnnError} saying what the module lacks, and how to link it */
export function bindModule(module: EmscriptenModule): NcnnLibrary {
  const exported = module as Readonly<Record<string, unknown>>
  const find = (name: string): Exported | undefined =>
    typeof exported[name] === 'function' ? (exported[name] as Exported) : undefined
  /** Anew for each use: the memory is another one once it has grown. */
  const memory = (): ArrayBufferLike => {
    const buffer = module.HEAPU8?.buffer ?? module.wasmMemory?.buffer
    if (buffer === undefined)
      throw new NcnnError(`emscriptenEngine: the module does not show its memory. ${howToLink}`, {
        code: 'missing-dependency',
      })
    return buffer
  }
  const [malloc, release] = [find('_malloc'), find('_free')]
  if (malloc === undefined || release === undefined) {
    throw new NcnnError(`emscriptenEngine: the module lacks _malloc or _free. ${howToLink}`, {
      code: 'missing-dependency',
    })
  }
  memory()

  const view = (pointer: Pointer, bytes: number): Uint8Array => new Uint8Array(memory(), Number(pointer), bytes)
  const word = (pointer: Pointer): DataView => new DataView(memory(), Number(pointer), 4)
  const alloc = (bytes: number): number => {
    const address = Number(malloc(bytes)) >>> 0
    if (address === 0)
      throw new NcnnError(`emscriptenEngine: the module has no memory left for ${bytes} bytes`, {
        code: 'out-of-memory',
      })
    return address
  }
  const free = (pointer: Pointer): void => {
    release(Number(pointer))
  }

  const storeText = (text: string): number => {
    const bytes = encodeUtf8(text)
    const address = alloc(bytes.length + 1)
    const target = view(address, bytes.length + 1)
    target.set(bytes)
    target[bytes.length] = 0
    return address
  }
  const readText = (address: number): string => {
    const rest = new Uint8Array(memory(), address)
    return decodeText(rest.slice(0, rest.indexOf(0)))
  }

  const optional: NcnnLibrary['optional'] = (name, [result, ...parameters]) => {
    const native = find(`_${name}`)
    if (native === undefined) return undefined
    return (...values) => {
      const texts: number[] = []
      const converted = values.map((value, i) => {
        if (parameters[i] !== 'text') return Number(value)
        const address = storeText(String(value))
        texts.push(address)
        return address
      })
      try {
        return fromWasm(result, native(...converted))
      } catch (error) {
        throw new NcnnError(`ncnn crashed in ${name}: ${shorten(error)}`, { code: 'crashed', cause: error })
      } finally {
        for (const address of texts) release(address)
      }
    }
  }
  const fromWasm = (result: ValueType, value: unknown): unknown => {
    if (result === 'void') return undefined
    if (result === 'int') return Number(value)
    const address = Number(value) >>> 0
    return result === 'text' ? readText(address) : address
  }

  const entries = Object.entries(signatures).map(([name, signature]) => [name, optional(name, signature)] as const)
  const ncnn = Object.fromEntries(entries) as unknown as NcnnFunctions
  const missing = entries.flatMap(([name, found]) => (found === undefined ? [`_${name}`] : []))
  if (missing.length > 0) {
    const explained = explainMissing("emscriptenEngine: the module's ncnn", ncnn.ncnn_version?.(), missing)
    throw new NcnnError(`${explained}. ${howToLink}`, { code: 'missing-dependency' })
  }
  return {
    ncnn,
    optional,
    alloc,
    free,
    view,
    readPointer: (pointer) => word(pointer).getUint32(0, true),
    writePointer: (pointer, value) => word(pointer).setUint32(0, Number(value), true),
  }
}

const howToLink =
  'Link with -sMODULARIZE -sALLOW_MEMORY_GROWTH -sEXPORTED_RUNTIME_METHODS=HEAPU8 and export _malloc, _free and the _ncnn_ functions'

/** Emscripten's glue may put all of itself into an error. */
export function shorten(error: unknown): string {
  const [line] = reasonOf(error).split('\n')
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
