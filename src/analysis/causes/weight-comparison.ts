// The weights of a layer beside those of its counterpart, where the reference shows them.
import type { LayerInfo, LayerWeight } from '../../runners/model.ts'
import { formatPowerOfTwo } from '../../tensor/numbers.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Elements } from '../distance.ts'
import { float32Tensor, floatsOf } from '../elements.ts'
import { bestFit, layoutsBetween, rearrange } from '../layouts.ts'
import type { Row } from '../rows.ts'
import type { Walk } from '../walk-state.ts'

/** Weights nearer than this are the same. */
const sameWeights = 1e-6
/** Weights farther apart than this are no counterparts. */
const mostApart = 0.9

export interface WeightComparison {
  /** The weights that differ, and what they are in the reference. */
  readonly different: readonly { readonly name: string; readonly target: Tensor }[]
  /** The weights that are the reference's, in one order of axes or another. */
  readonly same: readonly SameWeight[]
  /** Which weights differ, by how much and in how many slices, in a sentence. */
  readonly evidence: string
}

/** A weight, and the one of the reference that has the same elements. */
export interface SameWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly reference: ReferenceWeight
}

/** The reference's elements in all orders of its axes that a weight may have them in. */
export const rearrangements = ({
  shape,
  reference,
}: SameWeight): { readonly order: readonly number[]; readonly target: Tensor }[] =>
  layoutsBetween(shape, reference.shape).map((layout) => ({
    order: layout.order,
    target: float32Tensor(rearrange(reference.elements, layout), shape),
  }))

/**
 * Undefined where the reference does not show its weights, or has none that could be theirs: a layer that it fuses.
 * @param layer of the row's segment
 */
export async function compareWeights(walk: Walk, row: Row, layer: LayerInfo): Promise<WeightComparison | undefined> {
  const { subject } = walk
  const own = (await subject.details(layer))?.weights ?? []
  const theirs = await referenceWeights(walk, counterparts(walk, row))
  if (own.length === 0 || theirs.length === 0) return undefined
  const different: WeightComparison['different'][number][] = []
  const same: SameWeight[] = []
  const sentences: string[] = []
  for (const weight of own) {
    const elements = floatsOf(await weight.read())
    if (elements === undefined || elements.length === 0) continue
    const nearest = nearestOf(elements, weight.shape, theirs)
    if (nearest === undefined) return undefined
    if (nearest.error <= sameWeights) {
      same.push({ name: weight.name, shape: weight.shape, reference: nearest.reference })
      continue
    }
    different.push({ name: weight.name, target: float32Tensor(nearest.target, weight.shape) })
    sentences.push(describeDifference(weight, elements, nearest))
  }
  return {
    different,
    same,
    evidence: different.length === 0 ? "its weights are the reference's" : sentences.join('; '),
  }
}

interface ReferenceWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly elements: Elements
}

/** More layers than these are no counterpart of one. */
const mostCounterparts = 8

/** The reference's layers that compute what the row's do: back from its counterpart to those of the tensors that it is fed with. */
function counterparts({ subject, visited }: Walk, { match, feeds }: Row): readonly LayerInfo[] {
  const given = new Set(feeds.map((blob) => visited.get(blob)?.match?.reference.name))
  const found: LayerInfo[] = []
  const pending = [match.reference.name]
  // A model that somebody made by hand may tell no layers.
  const layers = subject.reference.layers ?? []
  for (const name of pending) {
    const layer = layers.find(({ outputs }) => outputs.includes(name))
    if (layer === undefined || found.includes(layer)) continue
    found.push(layer)
    if (found.length > mostCounterparts) return []
    pending.push(...layer.inputs.filter((input) => !given.has(input)))
  }
  return found
}

async function referenceWeights(
  { subject: { reference } }: Walk,
  layers: readonly LayerInfo[],
): Promise<ReferenceWeight[]> {
  const details = await Promise.all(layers.map(({ name }) => reference.inspectLayer?.(name)))
  const weights = details.flatMap((one) => one?.weights ?? [])
  const read = await Promise.all(
    weights.map(async ({ name, shape, read }) => ({ name, shape, elements: floatsOf(await read()) })),
  )
  return read.flatMap(({ elements, ...weight }) => (elements === undefined ? [] : [{ ...weight, elements }]))
}

interface Nearest {
  readonly reference: ReferenceWeight
  readonly error: number
  readonly target: Elements
}

function nearestOf(own: Elements, shape: readonly number[], theirs: readonly ReferenceWeight[]): Nearest | undefined {
  let nearest: Nearest | undefined
  for (const reference of theirs) {
    const { elements } = reference
    if (elements.length !== own.length) continue
    const fit = bestFit(own, elements, layoutsBetween(shape, reference.shape))
    if (fit === undefined || fit.error > mostApart || (nearest !== undefined && nearest.error <= fit.error)) continue
    nearest = { reference, error: fit.error, target: rearrange(elements, fit.layout) }
  }
  return nearest
}

function describeDifference(
  { name, shape }: LayerWeight,
  own: Elements,
  { reference, error, target }: Nearest,
): string {
  const slices = shape[0]
  const length = own.length / slices
  let differing = 0
  for (let slice = 0; slice < slices; slice++) {
    const [begin, end] = [slice * length, (slice + 1) * length]
    const isSame = own
      .subarray(begin, end)
      .every((value, i) => Math.abs(value - target[begin + i]) <= sameWeights * Math.abs(target[begin + i]))
    if (!isSame) differing++
  }
  return `${name} differs from the reference's ${reference.name} by ${formatPowerOfTwo(error)} of its norm, in ${differing} of ${slices} slices`
}
