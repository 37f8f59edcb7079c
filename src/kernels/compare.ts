// The SIMD kernels of the comparison: streams two tensors through a small WebAssembly memory, chunk by chunk.
import { bytesPerElement, type DType, isBigIntDType } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { CompareKernels, conversionKernels } from './comparison.ts'
import { wasmBase64 } from './generated/compare.ts'
import { namedCalls } from './generated/compare-calls.ts'
import { compileKernels, instantiateKernels } from './instantiate.ts'

type Pointer = number

/** Elements copied at a time: large enough to make calls cheap, small enough for both sides to stay in the second-level cache. */
const chunkLength = 16384

/** Copied first where not much is expected to be needed. */
const shortLength = 2048

/** One for each value of the upper 17 bits of a double that is not negative; the last ones are those of NaN. */
export const bucketCount = 65536
const firstNanBucket = 0xfff0

// the memory: constants of the module lie in the first page
const pageBytes = 65536
const resultsAt = pageBytes
/**
 * Two buffers for each side, of a chunk of 8-byte elements each: conversions go back and forth between them. They begin 16 bytes behind
 * a multiple of 64, as large arrays do that come from `malloc`: between equally aligned addresses copies are faster.
 */
const bufferAt = resultsAt + 1024 + 16
const bufferBytes = chunkLength * 8
/** Elements of four bytes copied at a time where results do not depend on it, as many as a buffer holds: longer copies are faster. */
const longChunkLength = bufferBytes / 4
const bucketCountsAt = bufferAt + 4 * bufferBytes
const marksAt = bucketCountsAt + bucketCount * 4
const collectedAt = marksAt + bucketCount
const pageCount = Math.ceil((collectedAt + bufferBytes) / pageBytes)

interface Machine {
  readonly kernels: CompareKernels
  readonly bytes: Uint8Array
  readonly buffer: ArrayBuffer
  /** What the buffers of both sides hold, decoded. */
  readonly loaded: readonly [Loaded, Loaded]
}

interface Loaded {
  /** A number, so that no tensor is kept alive; undefined when it is not known what the buffer holds. */
  stream: number | undefined
  from: number
  to: number
}

const nothingLoaded = (): Loaded => ({ stream: undefined, from: 0, to: 0 })

let machine: Machine | 'unavailable' | undefined

/** Instantiates the kernels on first use; undefined where WebAssembly with SIMD is not to be had (such as `node --jitless`). */
function start(): Machine | undefined {
  if (machine === undefined) {
    try {
      const memory = new WebAssembly.Memory({ initial: pageCount, maximum: pageCount })
      const kernels = namedCalls(instantiateKernels(compileKernels(wasmBase64), memory))
      machine = {
        kernels,
        bytes: new Uint8Array(memory.buffer),
        buffer: memory.buffer,
        loaded: [nothingLoaded(), nothingLoaded()],
      }
    } catch {
      machine = 'unavailable'
    }
  }
  return machine === 'unavailable' ? undefined : machine
}

type Conversion = keyof typeof conversionKernels

/** The type in which two dtypes are compared. */
type Common = 'float32' | 'float64' | 'int64'

/** What makes float32 of the dtypes that it holds exactly. */
const toFloat32: Partial<Record<DType, readonly Conversion[]>> = {
  float32: [],
  float16: ['float16ToFloat32'],
  bfloat16: ['bfloat16ToFloat32'],
  int8: ['int8ToFloat32'],
  uint8: ['uint8ToFloat32'],
  bool: ['uint8ToFloat32'],
  int16: ['int16ToFloat32'],
  uint16: ['uint16ToFloat32'],
}

function toFloat64(dtype: DType): readonly Conversion[] {
  if (dtype === 'float64') return []
  if (dtype === 'int32') return ['int32ToFloat64']
  if (dtype === 'uint32') return ['uint32ToFloat64']
  return [...(toFloat32[dtype] ?? []), 'float32ToFloat64']
}

/** The steps from a dtype to the common type. */
function conversionsTo(common: Common, dtype: DType): readonly Conversion[] {
  if (common === 'float32') return toFloat32[dtype] ?? []
  if (common === 'float64') return toFloat64(dtype)
  return isBigIntDType(dtype) ? [] : [...toFloat64(dtype), 'float64ToInt64']
}

/** Undefined for 64-bit integers beside fractions: only bigint arithmetic does them justice. */
function commonType(actual: DType, reference: DType): Common | undefined {
  const isFloat = (dtype: DType) => dtype.includes('float')
  if (isBigIntDType(actual) || isBigIntDType(reference)) {
    return isFloat(actual) || isFloat(reference) ? undefined : 'int64'
  }
  return toFloat32[actual] && toFloat32[reference] ? 'float32' : 'float64'
}

/** The rule of an element; see src/compare/element-rule.ts. */
interface KernelRule {
  readonly atol: number
  readonly rtol: number
  readonly equalNaN: boolean
}

interface KernelSide {
  nan: number
  posInf: number
  negInf: number
  min: number
  max: number
  sumOfSquares: number
  /** No number is scaled here. */
  readonly scale: 1
}

/** As `Statistics` in src/compare/statistics.ts, which says what each number means. */
interface KernelStatistics {
  mismatched: number
  nonFiniteMismatched: number
  finitePairs: number
  maxAbs: number
  maxAbsAt: number
  maxRel: number
  maxRelAt: number
  zeroReferences: number
  sumOfDiffs: number
  sumOfSquaredDiffs: number
  readonly diffScale: 1
  sumOfProducts: number
  maxExcess: number
  readonly actual: KernelSide
  readonly reference: KernelSide
}

/** Whether errors are `|actual - reference|`, or that divided by `|reference|`, which a zero reference has not. */
export type ErrorKind = 'absolute' | 'relative'

/** Errors counted per bucket: the upper 17 bits of the error as a double. In the kernels' memory, until the next call of `count`. */
interface ErrorCounts {
  readonly buckets: Uint32Array
  /** How many of those in the first bucket are exactly zero. */
  readonly zeros: number
  readonly sum: number
}

/** What is known of the errors of all pairs that have one: pairs of finite elements. */
export interface ErrorKernel {
  statistics(rule: KernelRule): KernelStatistics
  /** The sum of `(actual * actualFactor - reference * referenceFactor)²`. */
  squaredDistance(actualFactor: number, referenceFactor: number): number
  count(kind: ErrorKind): ErrorCounts
  /** The errors whose bucket has a 1 in `marks`; there are `total` of them. */
  collect(kind: ErrorKind, marks: Uint8Array, total: number): Float64Array
}

/** Two tensors of one shape, ready to be streamed through the kernels. */
export interface PairKernel {
  /**
   * The first element at or behind `from` that misses the rule, the number of elements when none does. Of 64-bit integers it may be
   * one whose difference needs more than 64 bits: look at it.
   */
  firstMiss(rule: KernelRule, from: number): number
  /** Not for 64-bit integers. */
  readonly errors: ErrorKernel | undefined
}

/** The kernels for a pair of tensors; undefined where there are none for their dtypes, or no WebAssembly. */
export function openPair(actual: Tensor, reference: Tensor): PairKernel | undefined {
  const common = commonType(actual.dtype, reference.dtype)
  const running = common === undefined ? undefined : start()
  if (common === undefined || running === undefined) return undefined
  const stream = streamOf(running, common, actual, reference)
  return {
    firstMiss: (rule, from) => firstMiss(stream, rule, from),
    errors: common === 'int64' ? undefined : errorKernel(stream, common),
  }
}

/** Sums over pairs of finite elements, those of distances taken from a pivot of each side. */
export interface Moments {
  count: number
  /** How many differ, and how many are 0 on both sides. */
  differing: number
  zeros: number
  /** Sums of the squares and of the fourth powers of the errors. */
  error: number
  fourths: number
  powerActual: number
  powerReference: number
  sumActual: number
  sumReference: number
  squaresActual: number
  squaresReference: number
  products: number
  leastActual: number
  greatestActual: number
  leastReference: number
  greatestReference: number
}

/** The pairs that are counted together, which divide a chunk. */
export const countedTogether = 64

/**
 * The moments of two arrays of one length, about a pivot of each. Writes two bytes into `counts` for every {@link countedTogether} pairs:
 * how many are equal, and how many differ. Undefined where there is no WebAssembly.
 */
export function momentsOf(
  actual: Float64Array,
  reference: Float64Array,
  pivotActual: number,
  pivotReference: number,
  counts: Uint8Array,
): Moments | undefined {
  const running = start()
  if (running === undefined) return undefined
  const { kernels, bytes, buffer, loaded } = running
  for (const side of loaded) side.stream = undefined
  const results = new Float64Array(buffer, resultsAt, emptyMoments.length)
  results.set(emptyMoments)
  const [ours, theirs] = [bufferAt, bufferAt + bufferBytes]
  for (let from = 0; from < actual.length; from += chunkLength) {
    const n = Math.min(chunkLength, actual.length - from)
    new Float64Array(buffer, ours, n).set(actual.subarray(from, from + n))
    new Float64Array(buffer, theirs, n).set(reference.subarray(from, from + n))
    kernels.momentsFloat64({
      results: resultsAt,
      actual: ours,
      reference: theirs,
      n,
      pivotActual,
      pivotReference,
      counts: collectedAt,
    })
    const written = 2 * Math.ceil(n / countedTogether)
    counts.set(bytes.subarray(collectedAt, collectedAt + written), 2 * (from / countedTogether))
  }
  return readMoments(results)
}

// the slots of assembly/compare.ts, in its order
const emptyMoments = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Infinity, -Infinity, Infinity, -Infinity]

function readMoments(slots: Float64Array): Moments {
  return {
    count: slots[0],
    differing: slots[1],
    zeros: slots[2],
    error: slots[3],
    fourths: slots[4],
    powerActual: slots[5],
    powerReference: slots[6],
    sumActual: slots[7],
    sumReference: slots[8],
    squaresActual: slots[9],
    squaresReference: slots[10],
    products: slots[11],
    leastActual: slots[12],
    greatestActual: slots[13],
    leastReference: slots[14],
    greatestReference: slots[15],
  }
}

interface Stream {
  readonly machine: Machine
  readonly common: Common
  readonly actual: Side
  readonly reference: Side
  readonly length: number
}

/** One tensor of a stream. */
interface Side {
  readonly tensor: Tensor
  readonly buffer: ArrayBufferLike
  readonly byteOffset: number
  readonly elementBytes: number
  readonly conversions: readonly Conversion[]
  /** Where it is copied to, and what lies there. */
  readonly copyAt: Pointer
  readonly loaded: Loaded
  readonly stream: number
}

let streams = 0

function streamOf(machine: Machine, common: Common, actual: Tensor, reference: Tensor): Stream {
  const stream = streams++
  const [ours, theirs] = machine.loaded
  return {
    machine,
    common,
    actual: sideOf(actual, common, bufferAt, ours, stream),
    reference: sideOf(reference, common, bufferAt + 2 * bufferBytes, theirs, stream),
    length: reference.data.length,
  }
}

function sideOf(tensor: Tensor, common: Common, copyAt: Pointer, loaded: Loaded, stream: number): Side {
  const { data, dtype } = tensor
  return {
    tensor,
    buffer: data.buffer,
    byteOffset: data.byteOffset,
    elementBytes: bytesPerElement[dtype],
    conversions: conversionsTo(common, dtype),
    copyAt,
    loaded,
    stream,
  }
}

/**
 * Copies elements `from` to `to` into the memory, decoded, unless they are what lies there; returns where. The gap up to a multiple of
 * 16 is filled with zeros.
 */
function load({ kernels, bytes }: Machine, side: Side, from: number, to: number): Pointer {
  const { copyAt, elementBytes, conversions, loaded } = side
  if (loaded.stream !== side.stream || loaded.from !== from || loaded.to !== to) {
    const count = to - from
    const padded = (count + 15) & ~15
    bytes.set(new Uint8Array(side.buffer, side.byteOffset + from * elementBytes, count * elementBytes), copyAt)
    if (padded > count) bytes.fill(0, copyAt + count * elementBytes, copyAt + padded * elementBytes)
    if (conversions.length > 0) decode(kernels, side, padded)
    loaded.stream = side.stream
    loaded.from = from
    loaded.to = to
  }
  return decodedAt(side, conversions.length)
}

function decode(kernels: CompareKernels, side: Side, n: number): void {
  side.conversions.forEach((conversion, i) => {
    kernels[conversion]({ source: decodedAt(side, i), destination: decodedAt(side, i + 1), n })
  })
}

/** Where elements lie after some conversions. */
function decodedAt({ copyAt }: Side, conversions: number): Pointer {
  return copyAt + (conversions & 1) * bufferBytes
}

/** Where the elements of a chunk of both sides lie. */
interface Chunk {
  readonly actual: Pointer
  readonly reference: Pointer
  readonly n: number
}

/** Visits the chunks of both sides, in order. */
function walk(stream: Stream, visit: (chunk: Chunk, position: number) => void): void {
  for (let start = 0; start < stream.length; start += chunkLength) {
    const end = Math.min(start + chunkLength, stream.length)
    const actual = load(stream.machine, stream.actual, start, end)
    visit({ actual, reference: load(stream.machine, stream.reference, start, end), n: end - start }, start)
  }
}

function firstMiss(stream: Stream, rule: KernelRule, from: number): number {
  const { machine, actual, reference, length } = stream
  const same = from === 0 && haveSameBytes(actual.tensor, reference.tensor)
  if (same && (rule.equalNaN || !actual.tensor.dtype.includes('float'))) return length
  const longest = stream.common === 'float32' ? longChunkLength : chunkLength
  const missOf = chunkSearch(stream, rule)
  let start = from
  // behind a miss there is mostly another one
  for (let most = from === 0 ? chunkLength : shortLength; start < length; most = Math.min(2 * most, longest)) {
    const end = Math.min(start + most, length)
    const ours = load(machine, actual, start, end)
    // of equal bytes only NaN can differ: one copy is enough to find it
    const theirs = same ? ours : load(machine, reference, start, end)
    const miss = missOf(ours, theirs, end - start, Number(start > from))
    if (miss < end - start) return start + miss
    start = end
  }
  return length
}

/** The first miss of a chunk that lies in the memory, its length when there is none; `continues` is 1 behind another chunk. */
type ChunkSearch = (actual: Pointer, reference: Pointer, n: number, continues: number) => number

function chunkSearch(stream: Stream, rule: KernelRule): ChunkSearch {
  const { kernels } = stream.machine
  const { atol, rtol } = rule
  const equalNaN = Number(rule.equalNaN)
  switch (stream.common) {
    case 'float32': {
      const [surelyAtol, surelyRtol] = [safelyBelow(atol), safelyBelow(rtol)]
      return (actual, reference, n, continues) =>
        kernels.firstMissFloat32({ actual, reference, n, atol, rtol, surelyAtol, surelyRtol, equalNaN, continues })
    }
    case 'float64':
      return (actual, reference, n) => kernels.firstMissFloat64({ actual, reference, n, atol, rtol, equalNaN })
    case 'int64': {
      const signs =
        (stream.actual.tensor.dtype === 'uint64' ? 1 : 0) | (stream.reference.tensor.dtype === 'uint64' ? 2 : 0)
      return (actual, reference, n) => kernels.firstMissInt64({ actual, reference, n, atol, rtol, signs })
    }
  }
}

const largestFloat32 = 3.4028234663852886e38

/** A float32 below a tolerance by more than the roundings of a float32 comparison add up to: 2^-21 of it, against less than 2^-22. */
function safelyBelow(tolerance: number): number {
  if (tolerance < 2 ** -100) return 0
  return Math.fround(Math.min(tolerance * (1 - 2 ** -21), largestFloat32))
}

function haveSameBytes(actual: Tensor, reference: Tensor): boolean {
  if (actual.dtype !== reference.dtype || typeof Buffer === 'undefined') return false
  // mostly enough to tell that they are not
  if (actual.data[0] !== reference.data[0]) return false
  const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.compare(bytesOf(actual), bytesOf(reference)) === 0
}

function errorKernel(stream: Stream, common: 'float32' | 'float64'): ErrorKernel {
  const { kernels, bytes, buffer } = stream.machine
  const [gather, squaredDistance, count, collect] = kernelsFor(kernels, common)
  return {
    statistics({ atol, rtol, ...rule }) {
      const results = new Float64Array(buffer, resultsAt, resultSlots)
      results.set(emptyResults)
      const [surelyAtol, surelyRtol, equalNaN] = [safelyBelow(atol), safelyBelow(rtol), Number(rule.equalNaN)]
      walk(stream, ({ actual, reference, n }, position) =>
        gather({ results: resultsAt, actual, reference, n, position, atol, rtol, surelyAtol, surelyRtol, equalNaN }),
      )
      return readResults(results)
    },
    squaredDistance(actualFactor, referenceFactor) {
      let sum = 0
      walk(stream, (chunk) => {
        sum += squaredDistance({ ...chunk, actualFactor, referenceFactor })
      })
      return sum
    },
    count(kind) {
      const counts = new Uint32Array(buffer, bucketCountsAt, bucketCount)
      counts.fill(0)
      const totals = new Float64Array(buffer, resultsAt, 2)
      totals.fill(0)
      walk(stream, ({ actual, reference, n }) =>
        count[kind]({ actual, reference, n, buckets: bucketCountsAt, totals: resultsAt }),
      )
      return { buckets: counts.subarray(0, firstNanBucket), zeros: totals[0], sum: totals[1] }
    },
    collect(kind, marks, total) {
      bytes.set(marks, marksAt)
      const collected = new Float64Array(total)
      let length = 0
      walk(stream, ({ actual, reference, n }) => {
        const found = collect[kind]({ actual, reference, n, marks: marksAt, errors: collectedAt })
        collected.set(new Float64Array(buffer, collectedAt, found), length)
        length += found
      })
      return collected
    },
  }
}

function kernelsFor(kernels: CompareKernels, common: 'float32' | 'float64') {
  return common === 'float32'
    ? ([
        kernels.statisticsFloat32,
        kernels.squaredDistanceFloat32,
        { absolute: kernels.countAbsoluteFloat32, relative: kernels.countRelativeFloat32 },
        { absolute: kernels.collectAbsoluteFloat32, relative: kernels.collectRelativeFloat32 },
      ] as const)
    : ([
        kernels.statisticsFloat64,
        kernels.squaredDistanceFloat64,
        { absolute: kernels.countAbsoluteFloat64, relative: kernels.countRelativeFloat64 },
        { absolute: kernels.collectAbsoluteFloat64, relative: kernels.collectRelativeFloat64 },
      ] as const)
}

// the slots of assembly/compare.ts, in its order
const sideSlots = 6
const actualSlot = 12
const referenceSlot = actualSlot + sideSlots
const resultSlots = referenceSlot + sideSlots

const emptySide = [0, 0, 0, Infinity, -Infinity, 0]
const emptyResults = Float64Array.of(0, 0, 0, 0, -1, 0, -1, 0, 0, 0, 0, 0, ...emptySide, ...emptySide)

function readResults(slots: Float64Array): KernelStatistics {
  return {
    mismatched: slots[0],
    nonFiniteMismatched: slots[1],
    finitePairs: slots[2],
    maxAbs: slots[3],
    maxAbsAt: slots[4],
    maxRel: slots[5],
    maxRelAt: slots[6],
    zeroReferences: slots[7],
    sumOfDiffs: slots[8],
    sumOfSquaredDiffs: slots[9],
    diffScale: 1,
    sumOfProducts: slots[10],
    maxExcess: slots[11],
    actual: readSide(slots, actualSlot),
    reference: readSide(slots, referenceSlot),
  }
}

function readSide(slots: Float64Array, at: number): KernelSide {
  return {
    nan: slots[at],
    posInf: slots[at + 1],
    negInf: slots[at + 2],
    min: slots[at + 3],
    max: slots[at + 4],
    sumOfSquares: slots[at + 5],
    scale: 1,
  }
}
