// Weights that were rounded: to float16, to bfloat16, or to the steps of int8.
import type { LayerChange, LayerInfo } from '../../runners/model.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Elements } from '../distance.ts'
import { floatsOf } from '../elements.ts'
import { narrowestOf } from '../representable.ts'
import { leastFactor, type Row } from '../rows.ts'
import type { Walk } from '../walk-state.ts'
import type { Scene, SharedCause } from './found.ts'
import { effectOfChanges, isGone } from './one-layer.ts'

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

/** How many of these layers have large weights, and how many of them were rounded like that. */
export async function countRounded(
  walk: Walk,
  layers: readonly LayerInfo[],
  rounding: WeightRounding,
): Promise<{ weighted: number; rounded: number }> {
  const roundings = await Promise.all(layers.map((layer) => roundingOfWeights(walk, layer)))
  return {
    weighted: roundings.filter((found) => found !== undefined).length,
    rounded: roundings.filter((found) => found === rounding).length,
  }
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

/** Rounding explains up to so many times what moving the weights at random within half a step does. */
const mostTimes = 3

/** Whether the error that rounding is predicted to cause is as large as the row's, beside its noise. */
const explains = (predicted: number, row: Row): boolean =>
  predicted > 0 && row.introduced < mostTimes * predicted + leastFactor * row.noise

/** Whether a row errs no more than rounding these layers of its segment explains: moved at random within half a step, their weights err as much. */
export async function isExplainedByRounding(
  scene: Scene,
  row: Row,
  layers: readonly LayerInfo[],
  rounding: WeightRounding,
): Promise<boolean> {
  return explains(await predictError(scene, row, layers, rounding), row)
}

/** One random move tells what rounding does to many elements; to few it may do several times as much. */
const mostDraws = 8

/** The relative error that moving each weight of some layers at random within half a step causes: the largest of several where one does not explain the row. */
async function predictError(
  scene: Scene,
  row: Row,
  layers: readonly LayerInfo[],
  rounding: WeightRounding,
): Promise<number> {
  let predicted = 0
  for (let draw = 0; draw < mostDraws && !explains(predicted, row); draw++) {
    const changes: Record<string, LayerChange> = {}
    for (const layer of layers) changes[layer.name] = await movedWeights(scene.walk, layer, rounding, draw)
    predicted = Math.max(predicted, await effectOfChanges(scene, row, changes))
  }
  return predicted
}

/** More of a row's error than this is not what is left of it. */
const mostOfAll = 0.05

/**
 * Whether a change of one layer takes a row's error away: what is left is rounding, or no more than rounding its weights adds to the
 * changed layer, which may be more than it adds to the layer as it is.
 */
export async function isRepaired(
  scene: Scene,
  row: Row,
  layer: LayerInfo,
  change: LayerChange,
  after: number,
): Promise<boolean> {
  if (isGone(after, row)) return true
  if (row.background === undefined || !(after < mostOfAll * row.introduced)) return false
  let background = 0
  for (let draw = 0; draw < mostDraws; draw++) {
    const { weights } = await movedWeights(scene.walk, layer, 'fp16', draw)
    const moved = { [layer.name]: { ...change, weights } }
    background = Math.max(background, await effectOfChanges(scene, row, moved, { [layer.name]: change }))
  }
  return isGone(after, { ...row, background })
}

const leastLayers = 3
const leastShare = 0.6

/** What rounding to float16 explains of some rows, where the file's weights are float16 throughout. */
interface Float16File {
  readonly halves: number
  readonly weighted: number
  /** By row, the relative error that rounding its weights causes. */
  readonly predictions: ReadonlyMap<Row, number>
}

/** Undefined where the file's weights are no float16 numbers. */
async function predictFp16Weights(scene: Scene): Promise<Float16File | undefined> {
  const { walk, suspects } = scene
  const { weighted, rounded } = await countRounded(walk, walk.subject.network.layers, 'fp16')
  if (rounded < Math.max(leastLayers, leastShare * weighted)) return undefined
  const predictions = new Map<Row, number>()
  for (const row of suspects) {
    const layers: LayerInfo[] = []
    for (const layer of row.segment) if ((await roundingOfWeights(walk, layer)) !== undefined) layers.push(layer)
    if (layers.length > 0) predictions.set(row, await predictError(scene, row, layers, 'fp16'))
  }
  return { halves: rounded, weighted, predictions }
}

/**
 * Whether the file's weights are float16 throughout: then moving each of them at random within half a step errs like rounding them did, and
 * what errs no more than three times that is explained.
 */
export async function fp16WeightsCause(scene: Scene): Promise<SharedCause | undefined> {
  const { walk, suspects } = scene
  const file = await predictFp16Weights(scene)
  if (file === undefined) return undefined
  const { halves, weighted, predictions } = file
  const explained = suspects.filter((row) => explains(predictions.get(row) ?? 0, row))
  const layers = explained.flatMap(({ segment }) => segment)
  const { rounded } = await countRounded(walk, layers, 'fp16')
  if (rounded < leastLayers || explained.length < suspects.length / 2) return undefined
  return {
    cause: 'fp16-weights',
    evidence: `all weights of ${halves} of ${weighted} layers are float16 numbers, and ${explained.length} of ${suspects.length} tensors err as much as rounding them explains`,
    rest: suspects
      .filter((row) => !explained.includes(row))
      .map((row) => ({ ...row, background: predictions.get(row) ?? 0 })),
  }
}

/** The suspects that the rounding of a float16 file's weights does not explain. */
export async function beyondFp16Weights(scene: Scene): Promise<readonly Row[]> {
  if (scene.suspects.length === 0) return []
  const file = await predictFp16Weights(scene)
  return scene.suspects.filter((row) => !explains(file?.predictions.get(row) ?? 0, row))
}

const single = new Float32Array(1)
const singleBits = new Uint32Array(single.buffer)

/** Bits behind the point, and the smallest exponent of a normal number. */
const floatFormats = { fp16: { bits: 10, least: -14 }, bf16: { bits: 7, least: -126 } } as const

/** The large weights of a layer, each moved at random within half a step of what they were rounded to. */
async function movedWeights(
  walk: Walk,
  layer: LayerInfo,
  rounding: WeightRounding,
  seed: number,
): Promise<LayerChange> {
  const weights = await largeWeights(walk, layer)
  const moved = weights.map(({ name, shape, elements }): [string, Tensor] => [
    name,
    { data: moveWithinHalfStep(elements, stepsOf(elements, shape[0], rounding), seed), shape, dtype: 'float32' },
  ])
  return { weights: Object.fromEntries(moved) }
}

function moveWithinHalfStep(elements: Elements, stepAt: (index: number) => number, seed: number): Float32Array {
  let state = 99 + seed
  return Float32Array.from(elements, (value, i) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return value + ((state >>> 8) / 2 ** 24 - 0.5) * stepAt(i)
  })
}

/** The distance between neighbouring numbers of the type, at each element. */
function stepsOf(elements: Elements, slices: number, rounding: WeightRounding): (index: number) => number {
  if (rounding === 'int8') {
    const length = elements.length / (isInSteps(elements, slices) ? slices : 1)
    const steps = Array.from({ length: elements.length / length }, (_, slice) => {
      let largest = 0
      for (const value of elements.subarray(slice * length, (slice + 1) * length))
        largest = Math.max(largest, Math.abs(value))
      return largest / int8Steps
    })
    return (index) => steps[Math.floor(index / length)]
  }
  const { bits, least } = floatFormats[rounding]
  return (index) => {
    single[0] = elements[index]
    return 2 ** (Math.max(least, ((singleBits[0] >>> 23) & 0xff) - 127) - bits)
  }
}
