// Cause: one side was rounded to float16 or bfloat16, or is stored so.
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../../tensor/half.ts'
import { formatPowerOfTwo, formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { areFloats, directions, nameOf, type Scene, type Side } from '../scene.ts'

interface Format {
  readonly code: string
  readonly name: string
  readonly round: (value: number) => number
  /** Cuts the bits off instead of rounding. */
  readonly cut: (value: number) => number
  /** Whole numbers up to this are such numbers. */
  readonly largestWhole: number
  /** Errors beyond this share of the values are not those of such numbers. */
  readonly largestDrift: number
}

const toFloat16 = (value: number) => float16ToFloat32(float32ToFloat16(value))
const toBfloat16 = (value: number) => bfloat16ToFloat32(float32ToBfloat16(value))

const word = new Float32Array(1)
const bits = new Int32Array(word.buffer)

function cutBits(value: number, count: number): number {
  word[0] = value
  bits[0] &= -1 << count
  return word[0]
}

/** A bfloat16 number of usual size is a float16 number as well: it comes first. */
const formats: readonly Format[] = [
  {
    code: 'bfloat16-precision',
    name: 'bfloat16',
    round: toBfloat16,
    cut: (value) => cutBits(value, 16),
    largestWhole: 2 ** 8,
    largestDrift: 2 ** -5,
  },
  {
    code: 'half-precision',
    name: 'float16',
    round: toFloat16,
    cut: (value) => cutBits(value, 13),
    largestWhole: 2 ** 11,
    largestDrift: 2 ** -7,
  },
]

const leastElements = 8

export const shortFloats: Hypothesis = (scene) => {
  if (!areFloats(scene) || scene.length < leastElements) return []
  return formats.flatMap((format) => {
    const found = directions(scene).flatMap(({ from, to }) => [
      ...isImage(scene, format, from, to, format.round, `rounded to ${format.name}`),
      ...isImage(scene, format, from, to, format.cut, `cut to ${format.name}, without rounding`),
    ])
    return found.length > 0 ? found : isStored(scene, format)
  })
}

/** Whether every element of one side is that of the other, rounded. */
function isImage(
  scene: Scene,
  { code }: Format,
  from: Side,
  to: Side,
  round: (value: number) => number,
  what: string,
): Finding[] {
  const { few, length } = scene
  // what is stored as float32 may have been rounded from float64 before
  const fits = (i: number) => to.values[i] === round(from.values[i])
  if (!few.differing.every(fits) || !few.equal.every(fits)) return []
  let fine = 0
  for (let i = 0; i < length; i++) {
    if (!fits(i)) return []
    if (isFine(to.values[i])) fine++
  }
  // noise around a few simple numbers is rounded away as well
  if (fine < leastFine * length) return []
  return [{ code, message: `${nameOf(to)} is ${nameOf(from)} ${what}`, left: 0, evidence: 'every element is' }]
}

/** The share of elements that must need more bits than whole numbers and simple fractions do. */
const leastFine = 0.25

const isFine = (value: number) => cutBits(value, 19) !== value

function isStored(scene: Scene, { code, name, round, largestDrift, largestWhole }: Format): Finding[] {
  const drift = Math.sqrt(scene.error / scene.reference.power)
  if (drift > largestDrift) return []
  return directions(scene).flatMap(({ from, to }): Finding[] => {
    const isShort = (i: number) => to.values[i] === round(to.values[i])
    if (!scene.few.differing.every(isShort) || !scene.few.equal.every(isShort)) return []
    let [fine, others] = [0, 0]
    for (let i = 0; i < scene.length; i++) {
      if (!isShort(i)) return []
      if (isFine(to.values[i])) fine++
      if (from.values[i] === round(from.values[i])) others++
    }
    const share = others / scene.length
    if (fine < leastFine * scene.length || share > 0.9 || isOnGrid(to, largestWhole)) return []
    return [
      {
        code,
        message: `every element of ${nameOf(to)} is a ${name} number, of ${nameOf(from)} ${formatShare(share)}: ${nameOf(to)} was stored as ${name}, and the errors (${formatPowerOfTwo(drift)} of the values) are of its size`,
        left: 1e-3,
        evidence: 'all of them fit, by chance one in thousands would',
      },
    ]
  })
}

/** Whether a side lies on an even grid of so few steps that all of its numbers are short: a picture of 8 bits, fixed-point numbers. */
function isOnGrid({ values, min, max }: Side, steps: number): boolean {
  const step = 2 ** Math.ceil(Math.log2(Math.max(-min, max) / steps))
  return values.every((value) => Number.isInteger(value / step))
}
