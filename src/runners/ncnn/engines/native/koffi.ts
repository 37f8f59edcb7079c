// Binds ncnn's C API in a shared library with koffi, which the user installs.

import { nodeModule } from '../../../../host/node-modules.ts'
import { reasonOf } from '../../../../host/reason.ts'
import { NcnnError } from '../../error.ts'
import {
  explainMissing,
  type NcnnFunctions,
  type NcnnLibrary,
  type Pointer,
  signatures,
  type ValueType,
} from '../c-api/functions.ts'

/** What this file uses of koffi 3. */
interface Koffi {
  readonly version: string
  load(path: string | null): KoffiLibrary
  alloc(type: string, length: number): bigint
  free(pointer: Pointer): void
  view(pointer: Pointer, length: number): ArrayBuffer
  decode(pointer: Pointer, type: string): bigint | null
  encode(pointer: Pointer, type: string, value: Pointer | null): void
}
interface KoffiLibrary {
  func(name: string, result: string, parameters: readonly string[]): (...values: readonly unknown[]) => unknown
}

const koffiTypes: Readonly<Record<ValueType, string>> = {
  void: 'void',
  int: 'int',
  size: 'size_t',
  pointer: 'void *',
  text: 'str',
}

/**
 * Loads the first library of `candidates` that can be loaded.
 * @param koffiPath where koffi is, as `findKoffi` found it
 * @throws {NcnnError} saying what was tried, or which functions the library lacks
 */
export function loadLibrary(koffiPath: string, candidates: readonly string[]): NcnnLibrary & { readonly path: string } {
  const koffi = nodeModule('node:module').createRequire(koffiPath)(koffiPath) as Koffi
  if (Number.parseInt(koffi.version, 10) < 3) {
    throw new NcnnError(
      `the native engine needs koffi 3, found ${koffi.version}. Install it with: npm install -D koffi@3`,
      { code: 'missing-dependency' },
    )
  }
  const failures: string[] = []
  for (const path of candidates) {
    try {
      keepLoaded(koffi, path)
      return { path, ...bind(koffi, koffi.load(path), path) }
    } catch (error) {
      if (error instanceof NcnnError) throw error
      failures.push(`  ${path}: ${reasonOf(error)}`)
    }
  }
  throw new NcnnError(
    [
      "loadNcnn: found no shared library of ncnn's:",
      ...failures,
      'Name it: nativeEngine({ library: "/path/to/libncnn.so" }) or the environment variable NCNN_LIBRARY.',
      'Where to get one: brew install ncnn, or build ncnn with -DNCNN_SHARED_LIB=ON',
    ].join('\n'),
    { code: 'missing-dependency' },
  )
}

const dlopenFlags: Readonly<Record<string, number>> = { linux: 0x2 | 0x1000, darwin: 0x2 | 0x80 }

/**
 * RTLD_NOW and RTLD_NODELETE: koffi unloads libraries at exit while threads of the OpenMP runtime that came with ncnn still run
 * in them, which crashes.
 */
function keepLoaded(koffi: Koffi, path: string): void {
  const flags = dlopenFlags[process.platform]
  if (flags !== undefined) koffi.load(null).func('dlopen', 'void *', ['str', 'int'])(path, flags)
}

function bind(koffi: Koffi, library: KoffiLibrary, path: string): NcnnLibrary {
  const find = (name: string, [result, ...parameters]: readonly [ValueType, ...ValueType[]]) => {
    const native = library.func(
      name,
      koffiTypes[result],
      parameters.map((type) => koffiTypes[type]),
    )
    return (...values: readonly unknown[]): unknown => {
      const answer = native(...values.map((value, i) => (parameters[i] === 'pointer' && value === 0 ? null : value)))
      if (result === 'pointer') return answer ?? 0
      return result === 'size' ? Number(answer) : answer
    }
  }
  const optional: NcnnLibrary['optional'] = (name, signature) => {
    try {
      return find(name, signature)
    } catch {
      return undefined
    }
  }
  const entries = Object.entries(signatures).map(([name, signature]) => [name, optional(name, signature)] as const)
  const ncnn = Object.fromEntries(entries) as unknown as NcnnFunctions
  const missing = entries.flatMap(([name, found]) => (found === undefined ? [name] : []))
  if (missing.length > 0)
    throw new NcnnError(explainMissing(path, ncnn.ncnn_version?.(), missing), { code: 'missing-dependency' })
  return {
    ncnn,
    optional,
    alloc: (bytes) => koffi.alloc('uint8', bytes),
    free: (pointer) => koffi.free(pointer),
    view: (pointer, bytes) => new Uint8Array(bytes === 0 ? new ArrayBuffer(0) : koffi.view(pointer, bytes)),
    readPointer: (pointer) => koffi.decode(pointer, 'void *') ?? 0,
    writePointer: (pointer, value) => koffi.encode(pointer, 'void *', value === 0 ? null : value),
  }
}

/**
 * Finds koffi among what the project has installed, or what this package can see.
 * @throws {NcnnError} saying how to install it
 */
export function findKoffi(places: readonly string[]): string {
  for (const place of places) {
    try {
      return nodeModule('node:module').createRequire(place).resolve('koffi')
    } catch {
      // Not here; the next place may have it.
    }
  }
  throw new NcnnError(
    "loadNcnn: the native engine calls ncnn through the package 'koffi'. Install it with: npm install -D koffi",
    { code: 'missing-dependency' },
  )
}
