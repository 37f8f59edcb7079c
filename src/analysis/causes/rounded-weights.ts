// Weights that were rounded: to float16, to bfloat16, or to the steps of int8.
import type { LayerInfo } from '../../runners/model.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import { distance, type Elements } from '../distance.ts'
import { floatsOf } from '../elements.ts'
import { narrowestOf } from '../representable.ts'
import { leastFactor, numbersOf, type Row } from '../rows.ts'
import type { Walk } from '../walk-state.ts'
import { type Scene, type SharedCause, withVariant } from './found.ts'

export type WeightRounding = 'fp16' | 'bf16' | 'int8'

/** A weight of fewer different values fits into any type. */
const leastDistinct = 8

interface LargeWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly elements: Elements
}

/** The filters and matrices of a layer, which converters store in fewer bits. */
async function largeWeights({ subject }: Walk, layer: LayerInfo): Promise<LargeWeight[]> {
  const weights = (await subject.details(layer))?.weights ?? []
  const read = await Promise.all(
    weights
      .filter(({ isCompressible }) => isCompressible)
      .map(async ({ name, shape, read }) => ({ name, shape, elements: floatsOf(await read()) })),
  )
  return read.flatMap(({ elements, ...weight }) => (elements?.length ? [{ ...weight, elements }] : []))
}

/** What all large weights of a layer were rounded to; `none` when they were not, undefined when there are none. */
export type Rounded = WeightRounding | 'none' | undefined

const known = new WeakMap<LayerInfo, Promise<Rounded>>()

export function roundingOfWeights(walk: Walk, layer: LayerInfo): Promise<Rounded> {
  let rounding = known.get(layer)
  if (rounding === undefined) {
    rounding = largeWeights(walk, layer).then(roundingOf)
    known.set(layer, rounding)
  }
  return rounding
}

function roundingOf(weights: readonly LargeWeight[]): Rounded {
  if (weights.length === 0) return undefined
  const narrow = weights.map(({ elements }) => narrowestOf(elements, leastDistinct)).filter(({ telling }) => telling)
  if (narrow.length > 0) {
    if (narrow.every(({ narrow }) => narrow === 'bfloat16')) return 'bf16'
    if (narrow.every(({ narrow }) => narrow !== undefined)) return 'fp16'
  }
  const [{ shape, elements }] = weights
  return isInSteps(elements, shape[0]) || isInSteps(elements, 1) ? 'int8' : 'none'
}

/** How many of these rows' layers have large weights, and how many of them were rounded like that. */
export async function countRounded(
  walk: Walk,
  rows: readonly Row[],
  rounding: WeightRounding,
): Promise<{ of: number; rounded: number }> {
  let [of, rounded] = [0, 0]
  for (const { layer } of rows) {
    const found = await roundingOfWeights(walk, layer)
    if (found !== undefined) of++
    if (found === rounding) rounded++
  }
  return { of, rounded }
}

/** Most of the steps on either side of 0. */
const int8Steps = 127
/** How far from a step float32 arithmetic leaves a number, in steps. */
const stepError = 2e-4

/** Whether every slice is made of whole multiples of a 127th of its largest element. */
function isInSteps(elements: Elements, slices: number): boolean {
  const length = elements.length / slices
  if (!Number.isInteger(length) || length < 4) return false
  const mostOff = elements.length / 1000
  let [counted, off] = [0, 0]
  for (let start = 0; start < elements.length; start += length) {
    const slice = elements.subarray(start, start + length)
    let largest = 0
    for (const value of slice) largest = Math.max(largest, Math.abs(value))
    if (largest === 0) continue
    for (const value of slice) {
      const step = (value / largest) * int8Steps
      if (Math.abs(step - Math.round(step)) > stepError) off++
    }
    if (off > mostOff) return false
    counted += length
  }
  return counted > 0 && off < counted / 1000
}

/** The relative error that a layer's rounded weights can cause: half a step, and what int8 costs at most. */
export const weightError: Readonly<Record<WeightRounding, number>> = { fp16: 2 ** -11, bf16: 2 ** -8, int8: 0.05 }

const leastLayers = 3
const leastShare = 0.6

/** What rounding to float16 explains of some rows, where the file's weights are float16 throughout. */
interface Float16File {
  readonly halves: number
  readonly weighted: number
  /** By row, the relative error that moving each weight at random within half a step causes. */
  readonly predictions: ReadonlyMap<Row, number>
}

/** Undefined where the file's weights are no float16 numbers. */
async function predictFp16Weights(scene: Scene): Promise<Float16File | undefined> {
  const { walk, rows, suspects } = scene
  const roundings = await Promise.all(rows.map(({ layer }) => roundingOfWeights(walk, layer)))
  const weighted = roundings.filter((rounding) => rounding !== undefined).length
  const halves = roundings.filter((rounding) => rounding === 'fp16').length
  if (halves < Math.max(leastLayers, leastShare * weighted)) return undefined
  const moved: Record<string, { weights: Record<string, Tensor> }> = {}
  for (const layer of walk.subject.network.layers) {
    const weights = await largeWeights(walk, layer)
    if (weights.length === 0) continue
    moved[layer.name] = {
      weights: Object.fromEntries(
        weights.map(({ name, shape, elements }) => [name, moveWithinHalfStep(shape, elements)]),
      ),
    }
  }
  const predictions = await withVariant(scene, { layers: moved }, async (model) => {
    const found = new Map<Row, number>()
    for (const row of suspects) {
      if (!row.segment.some(({ name }) => Object.hasOwn(moved, name))) continue
      const given = walk.feeds(row.feeds)
      const [other, plain] = [
        await model.run(Object.fromEntries(given), { outputs: [row.blob] }),
        await walk.subject.compute(given, [row.blob]),
      ]
      const [a, b] = [numbersOf(walk, row.blob, other[row.blob]), numbersOf(walk, row.blob, plain[row.blob])]
      if (a !== undefined && b !== undefined) found.set(row, distance(a, b).error)
    }
    return found
  })
  return predictions && { halves, weighted, predictions }
}

const isExplained = (row: Row, { predictions }: Float16File): boolean => {
  const predicted = predictions.get(row) ?? 0
  return predicted > 0 && row.introduced < 3 * predicted + leastFactor * row.noise
}

/**
 * Whether the file's weights are float16 throughout: then moving each of them at random within half a step errs like rounding them did, and
 * what errs no more than three times that is explained.
 */
export async function fp16WeightsCause(scene: Scene): Promise<SharedCause | undefined> {
  const { suspects } = scene
  const file = await predictFp16Weights(scene)
  if (file === undefined) return undefined
  const explained = suspects.filter((row) => isExplained(row, file))
  if (explained.length < Math.max(leastLayers, suspects.length / 2)) return undefined
  return {
    cause: 'fp16-weights',
    evidence: `all weights of ${file.halves} of ${file.weighted} layers are float16 numbers, and ${explained.length} of ${suspects.length} layers err as much as rounding them explains`,
    rest: suspects
      .filter((row) => !explained.includes(row))
      .map((row) => ({ ...row, background: file.predictions.get(row) ?? 0 })),
  }
}

/** The suspects that the rounding of a float16 file's weights does not explain. */
export async function beyondFp16Weights(scene: Scene): Promise<readonly Row[]> {
  if (scene.suspects.length === 0) return []
  const file = await predictFp16Weights(scene)
  return file === undefined ? scene.suspects : scene.suspects.filter((row) => !isExplained(row, file))
}

const single = new Float32Array(1)
const singleBits = new Uint32Array(single.buffer)

/** Smallest exponent of a normal float16. */
const leastExponent = -14

function moveWithinHalfStep(shape: readonly number[], elements: Elements): Tensor {
  let state = 99
  const data = Float32Array.from(elements, (value) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    const random = (state >>> 8) / 2 ** 24 - 0.5
    single[0] = value
    const exponent = Math.max(leastExponent, ((singleBits[0] >>> 23) & 0xff) - 127)
    return value + random * 2 ** (exponent - 10)
  })
  return { data, shape, dtype: 'float32' }
}
