// Memory with kernels over it for the kernel tests: arrays in, arrays out, and a check that nothing was written past an allocation.
import {
  createNcnnKernels,
  firstFreeByte,
  maxPages,
  type NcnnKernels,
  ncnnModule,
  type Pointer,
  readSlackBytes,
} from '../../src/kernels/ncnn.ts'

export interface Arena {
  readonly kernels: NcnnKernels
  /** Reserves floats; the slack behind them holds NaN. */
  floats(count: number): Pointer
  /** Reserves bytes. */
  bytes(count: number): Pointer
  /** Copies numbers in as float32. */
  put(values: ArrayLike<number>): Pointer
  /** Copies raw bytes in. */
  putBytes(bytes: Uint8Array | Int8Array): Pointer
  /** Copies floats out. */
  read(pointer: Pointer, count: number): Float32Array
  /** Copies bytes out. */
  readBytes(pointer: Pointer, count: number): Uint8Array
  /** Forgets all allocations; later ones start `skew` bytes beyond a multiple of 64. Throws if a kernel wrote into a slack. */
  reset(skew?: number): void
}

export function createArena(
  megabytes = 32,
  memory = new WebAssembly.Memory({ initial: megabytes * 16, maximum: maxPages }),
  kernels = createNcnnKernels(memory),
): Arena {
  const slackWord = 0x7fc0dead
  let top = firstFreeByte
  let skew = 0
  let slacks: Pointer[] = []

  function bytes(count: number): Pointer {
    const pointer = top + skew
    const slack = pointer + Math.ceil(count / 4) * 4
    top = Math.ceil((slack + readSlackBytes) / 64) * 64
    if (top > memory.buffer.byteLength) throw new Error('the arena is too small for this test')
    new Uint32Array(memory.buffer, slack, readSlackBytes / 4).fill(slackWord)
    slacks.push(slack)
    return pointer
  }
  const floats = (count: number) => {
    const pointer = bytes(count * 4)
    new Float32Array(memory.buffer, pointer, count).fill(Number.NaN)
    return pointer
  }
  return {
    kernels,
    bytes,
    floats,
    put(values) {
      const pointer = floats(values.length)
      new Float32Array(memory.buffer, pointer, values.length).set(values)
      return pointer
    },
    putBytes(data) {
      const pointer = bytes(data.length)
      new Uint8Array(memory.buffer, pointer, data.length).set(data)
      return pointer
    },
    read: (pointer, count) => new Float32Array(memory.buffer, pointer, count).slice(),
    readBytes: (pointer, count) => new Uint8Array(memory.buffer, pointer, count).slice(),
    reset(newSkew = 0) {
      for (const slack of slacks) {
        if (new Uint32Array(memory.buffer, slack, readSlackBytes / 4).some((word) => word !== slackWord)) {
          throw new Error('a kernel wrote past the end of an array')
        }
      }
      slacks = []
      top = firstFreeByte
      skew = newSkew
    },
  }
}

/** An arena over each form of the kernels; over the relaxed ones only where this runtime has relaxed SIMD. */
export async function arenasOfForms(): Promise<readonly { readonly form: string; readonly arena: Arena }[]> {
  const relaxed = await ncnnModule({ shared: false, relaxed: true }).catch(() => undefined)
  const memory = new WebAssembly.Memory({ initial: 512, maximum: maxPages })
  return [
    { form: 'plain', arena: createArena() },
    ...(relaxed === undefined
      ? []
      : [{ form: 'relaxed', arena: createArena(32, memory, createNcnnKernels(memory, relaxed)) }]),
  ]
}

/** Numbers in [-1, 1), the same for the same seed (Marsaglia's xorshift). */
export function randomFloats(count: number, seed: number): Float32Array {
  const numbers = new Float32Array(count)
  let state = (seed * 2654435761 + 1) | 1
  for (let i = 0; i < count; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    numbers[i] = state / 0x80000000
  }
  return numbers
}

/** Signed bytes in -128..127, likewise. */
export function randomBytes(count: number, seed: number): Int8Array<ArrayBuffer> {
  return new Int8Array(randomFloats(count, seed).map((v) => Math.floor(v * 128)))
}

/** Units in the last place of float32 between a result and the exact value; 0 for equal infinities and for two NaN. */
export function ulpError(result: number, exact: number): number {
  const rounded = Math.fround(exact)
  if (Object.is(result, rounded) || result === rounded) return 0
  if (!Number.isFinite(result) || !Number.isFinite(rounded)) return Number.POSITIVE_INFINITY
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(rounded))), -126)
  return Math.abs(result - exact) / 2 ** (exponent - 23)
}

/** Where two arrays first differ (0 and -0 do, two NaN do not), or undefined. Vitest's own comparison takes seconds for large arrays. */
export function firstDifference<T extends Float32Array | Int32Array>(actual: T, expected: T): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} instead of ${expected.length} elements`
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) return `element ${i} is ${actual[i]} instead of ${expected[i]}`
  }
  return undefined
}

/** FNV-1a over the bits of floats, as hex: a fingerprint for tests of determinism. */
export function fingerprint(values: Float32Array): string {
  let hash = 0x811c9dc5
  for (const byte of new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return hash.toString(16).padStart(8, '0')
}
