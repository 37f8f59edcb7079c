// Cause: the bits are right and their type is not: half floats read as integers, bytes swapped, signed as unsigned.
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../../tensor/half.ts'
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { directions, nameOf, type Scene, type Side } from '../scene.ts'

interface Reading {
  /** How the bits of the right values were read. */
  readonly name: string
  /** The right value behind a misread one; NaN for what cannot have been misread so. */
  readonly correct: (x: number) => number
  /** Whether what is compared are right values to within the rounding to 16 bits. */
  readonly rounds?: boolean
}

const view = new DataView(new ArrayBuffer(8))

const isWhole = (x: number, least: number, greatest: number) => Number.isInteger(x) && x >= least && x <= greatest

const isFloat32 = (x: number) => Math.fround(x) === x || Number.isNaN(x)

function swapFloat32(x: number): number {
  if (!isFloat32(x)) return Number.NaN
  view.setFloat32(0, x)
  return view.getFloat32(0, true)
}

function swapInt16(x: number): number {
  if (!isWhole(x, -32768, 32767)) return Number.NaN
  view.setInt16(0, x)
  return view.getInt16(0, true)
}

function swapUint16(x: number): number {
  if (!isWhole(x, 0, 65535)) return Number.NaN
  view.setUint16(0, x)
  return view.getUint16(0, true)
}

function swapInt32(x: number): number {
  if (!isWhole(x, -(2 ** 31), 2 ** 32 - 1)) return Number.NaN
  view.setInt32(0, x | 0)
  return view.getInt32(0, true)
}

const swap16 = (bits: number) => ((bits & 0xff) << 8) | (bits >> 8)

const halfBits = (x: number) => (float16ToFloat32(float32ToFloat16(x)) === x ? float32ToFloat16(x) : -1)

const bfloatBits = (x: number) => (bfloat16ToFloat32(float32ToBfloat16(x)) === x ? float32ToBfloat16(x) : -1)

const readings: readonly Reading[] = [
  {
    name: 'float16 read as 16-bit integers',
    correct: (x) => (isWhole(x, -32768, 65535) ? float16ToFloat32(x & 0xffff) : Number.NaN),
    rounds: true,
  },
  {
    name: 'bfloat16 read as 16-bit integers',
    correct: (x) => (isWhole(x, -32768, 65535) ? bfloat16ToFloat32(x & 0xffff) : Number.NaN),
    rounds: true,
  },
  {
    name: 'float16 read as bfloat16',
    correct: (x) => (bfloatBits(x) < 0 ? Number.NaN : float16ToFloat32(bfloatBits(x))),
    rounds: true,
  },
  {
    name: 'bfloat16 read as float16',
    correct: (x) => (halfBits(x) < 0 ? Number.NaN : bfloat16ToFloat32(halfBits(x))),
    rounds: true,
  },
  {
    name: 'the bytes of float16 swapped',
    correct: (x) => (halfBits(x) < 0 ? Number.NaN : float16ToFloat32(swap16(halfBits(x)))),
    rounds: true,
  },
  {
    name: 'the bytes of bfloat16 swapped',
    correct: (x) => (bfloatBits(x) < 0 ? Number.NaN : bfloat16ToFloat32(swap16(bfloatBits(x)))),
    rounds: true,
  },
  { name: 'the bytes of float32 swapped (another byte order)', correct: swapFloat32 },
  { name: 'the bytes of 16-bit integers swapped (another byte order)', correct: swapInt16 },
  { name: 'the bytes of 16-bit integers swapped (another byte order)', correct: swapUint16 },
  { name: 'the bytes of 32-bit integers swapped (another byte order)', correct: swapInt32 },
  { name: 'float32 read as 32-bit integers', correct: readIntegerAsFloat32 },
  { name: 'int8 read as uint8', correct: (x) => (isWhole(x, 0, 255) ? (x << 24) >> 24 : Number.NaN) },
  { name: 'int16 read as uint16', correct: (x) => (isWhole(x, 0, 65535) ? (x << 16) >> 16 : Number.NaN) },
  { name: 'int32 read as uint32', correct: (x) => (isWhole(x, 0, 2 ** 32 - 1) ? x | 0 : Number.NaN) },
]

function readIntegerAsFloat32(x: number): number {
  if (!isWhole(x, -(2 ** 31), 2 ** 32 - 1)) return Number.NaN
  view.setInt32(0, x | 0)
  return view.getFloat32(0)
}

/** Few elements may agree by chance. */
const leastElements = 4
const leastShare = 0.99
const leastTelling = 0.1

/** A reading that fits no more of the first elements is given up. */
const mostHopeless = 0.9
const mostMisfits = 6

/** Positions on which readings are tried before all are, and the share of them that must tell. */
const tried = 512
const leastTellingOfSample = 0.05

/** Whether the element at a position was read in a certain way. */
type Fits = (i: number) => boolean

/** A way of misreading, as a message says it. */
interface Guess {
  readonly message: string
  readonly fits: Fits
}

export const misreadBits: Hypothesis = (scene) =>
  directions(scene).flatMap(({ from, to }): Finding[] => {
    // 0 has the same bits in all types, and many bits make no number
    const tells = (i: number) => {
      const right = to.values[i]
      return right !== from.values[i] && right !== 0 && right - right === 0
    }
    const differs = (i: number) => from.values[i] !== to.values[i]
    return [
      ...tryGuesses(scene, tells, guessReadings(from, to)),
      ...(scene.length < 2 * leastElements ? [] : tryGuesses(scene, differs, guessHalves(from, to))),
    ]
  })

function guessReadings(from: Side, to: Side): Guess[] {
  return readings.map(({ name, correct, rounds = false }) => {
    const tolerance = rounds ? 2 ** -7 : 0
    return {
      message: `${nameOf(from)} looks like ${nameOf(to)} with ${name}`,
      fits: (i) => agrees(correct(from.values[i]), to.values[i], tolerance),
    }
  })
}

/** 64-bit elements read as twice as many of 32 bits, of which as many as there are elements were kept. */
function guessHalves(from: Side, to: Side): Guess[] {
  const integers = (i: number) => {
    const value = to.values[i >> 1]
    return from.values[i] === (i % 2 === 0 ? value | 0 : Math.floor(value / 2 ** 32))
  }
  const doubles = (i: number) => {
    view.setFloat64(0, to.values[i >> 1], true)
    return agrees(view.getFloat32(4 * (i % 2), true), from.values[i], 0)
  }
  const message = (name: string) => `${nameOf(from)} looks like ${nameOf(to)} with ${name}: every element became two`
  return [
    ...(to.isWhole() ? [{ message: message('int64 read as int32'), fits: integers }] : []),
    { message: message('float64 read as float32'), fits: doubles },
  ]
}

/** Those guesses that nearly all positions fit that tell. */
function tryGuesses({ length }: Scene, tells: Fits, guesses: readonly Guess[]): Finding[] {
  const step = Math.max(1, Math.floor(length / tried))
  const some = positionsWhere(tells, length, step)
  const isSample = step > 1
  if (isSample && some.length < leastTellingOfSample * tried) return []
  const likely = isSample ? guesses.filter(({ fits }) => shareOf(some, fits) > mostHopeless) : guesses
  if (likely.length === 0) return []
  const all = positionsWhere(tells, length, 1)
  if (all.length < Math.max(leastElements, leastTelling * length)) return []
  return likely.flatMap(({ message, fits }) => {
    const share = shareOf(all, fits)
    return share < leastShare ? [] : [describe(message, share)]
  })
}

/** Those of every so many positions, out of step with the axes, that tell. */
function positionsWhere(tells: Fits, length: number, step: number): Int32Array {
  const found = new Int32Array(Math.ceil(length / step))
  let count = 0
  for (let k = 0, start = 0; start < length; k++, start += step) {
    const i = Math.min(length - 1, start + Math.floor(((k * 0.6180339887498949) % 1) * step))
    if (tells(i)) found[count++] = i
  }
  return found.subarray(0, count)
}

function agrees(x: number, y: number, tolerance: number): boolean {
  return x === y || Math.abs(x - y) <= tolerance * Math.abs(y) || (Number.isNaN(x) && Number.isNaN(y))
}

/** The share of the positions that fit; 0 as soon as it cannot be nearly all. */
function shareOf(positions: Int32Array, fits: Fits): number {
  let misfits = 0
  for (let k = 0; k < positions.length; k++) {
    if (!fits(positions[k]) && ++misfits > mostMisfits && misfits > (1 - mostHopeless) * (k + 1)) return 0
  }
  return positions.length === 0 ? 0 : 1 - misfits / positions.length
}

function describe(message: string, share: number): Finding {
  const evidence =
    share === 1 ? 'all elements that differ fit' : `${formatShare(share)} of the elements that differ fit`
  return { code: 'misread-bits', message, left: Math.max(1 - share, 1e-9), evidence }
}
