// Why a layer, or one of a segment, errs: which single change takes the error away.
import type { LayerChange, LayerDetails, LayerInfo, ScalarRange } from '../../runners/model.ts'
import { formatApart, formatMagnitude } from '../../tensor/numbers.ts'
import { type Elements, summarizeElements } from '../distance.ts'
import { leastFactor, type Row, targetOf } from '../rows.ts'
import { changing, type Explanation, type Scene } from './found.ts'
import { errorOfChanged, isGone, withoutBackground } from './one-layer.ts'
import { patternOf } from './pattern.ts'
import { countRounded, isExplainedByRounding, isRepaired, roundingOfWeights } from './rounded-weights.ts'
import { compareWeights, rearrangements, type WeightComparison } from './weight-comparison.ts'

/** A layer of a row's segment, and what it holds. */
interface Inside {
  readonly layer: LayerInfo
  readonly details: LayerDetails
}

/** One way to explain a row's error; undefined when it does not. */
type Attempt = (scene: Scene, row: Row, inside: readonly Inside[]) => Promise<Explanation | undefined>

/** @param row its segment may hold layers that have no counterpart: the changes of each are tried */
export async function layerFault(scene: Scene, row: Row): Promise<Explanation> {
  const inside = await lookInside(scene, row)
  for (const attempt of [byAlternative, byLimits, byRounding, byScalar, byComparison]) {
    const found = await attempt(scene, row, inside)
    if (found !== undefined) return found
  }
  return withPattern(scene, row, byExclusion(scene, inside))
}

/** What no run has shown may show in the numbers: an operation that one side lacks, or how the results relate. */
async function withPattern({ walk }: Scene, row: Row, { cause, evidence }: Explanation): Promise<Explanation> {
  const pattern = await patternOf(walk, row)
  if (pattern === undefined) return { cause, evidence }
  if (pattern.isOperation) return { cause: 'graph', layer: row.layer, evidence: pattern.evidence }
  return { cause, evidence: `${evidence}; ${pattern.evidence}` }
}

/** What is left when nothing could be shown. */
function byExclusion(scene: Scene, inside: readonly Inside[]): Explanation {
  const { name } = scene.walk.subject.model.runtime
  if (inside.length === 0) {
    return { cause: 'parameter', evidence: `${name} does not show the layer's weights and parameters` }
  }
  if (inside.every(({ details }) => details.weights.length === 0)) {
    return { cause: 'parameter', evidence: 'there are no weights, so it is in what the layer computes' }
  }
  if (inside.some(({ details }) => details.computesInInt8)) {
    return { cause: 'int8', evidence: 'it computes in int8, and no change of a single parameter takes the error away' }
  }
  const tried = inside.some(({ details }) => details.alternatives.length > 0 || details.scalars.length > 0)
  const single = inside.length === 1
  const evidence = !tried
    ? `it has weights, and ${name} has no way to change the layer: its parameters were not tried`
    : single
      ? 'no change of a single parameter takes the error away, so it is in the weights'
      : `no change of a single parameter of its ${inside.length} layers takes the error away, so it is in weights, or in several layers`
  return { cause: 'weights', evidence }
}

/** One parameter that takes a row's error away. */
export async function changedParameter(scene: Scene, row: Row): Promise<Explanation | undefined> {
  const inside = await lookInside(scene, row)
  return (
    (await byAlternative(scene, row, inside)) ??
    (await byLimits(scene, row, inside)) ??
    (await byScalar(scene, row, inside))
  )
}

async function lookInside({ walk }: Scene, { segment }: Row): Promise<Inside[]> {
  const inside: Inside[] = []
  for (const layer of segment) {
    const details = await walk.subject.details(layer)
    if (details !== undefined) inside.push({ layer, details })
  }
  return inside
}

const byAlternative: Attempt = async (scene, row, inside) => {
  for (const { layer, details } of inside) {
    for (const { what, change } of details.alternatives) {
      const after = await errorOfChanged(scene, row, layer, change)
      if (await isRepaired(scene, row, layer, change, after)) return parameterFault(row, layer, what, change, after)
    }
  }
  return undefined
}

/** What the counterpart never goes beyond, and has more than once, is a bound that the layer lacks, or has elsewhere. */
const byLimits: Attempt = async (scene, row, inside) => {
  const limits = inside.find(({ layer }) => layer === row.layer)?.details.limits
  if (limits === undefined) return undefined
  const target = targetOf(row)
  const { min, max } = summarizeElements(target)
  const [hasLeast, hasMost] = [min, max].map((bound) => isRepeated(target, bound))
  if (!hasLeast && !hasMost) return undefined
  const change = limits(hasLeast ? min : -largestFloat32, hasMost ? max : largestFloat32)
  const after = await errorOfChanged(scene, row, row.layer, change)
  if (!(await isRepaired(scene, row, row.layer, change, after))) return undefined
  const bounds = [hasLeast && `at least ${formatMagnitude(min)}`, hasMost && `at most ${formatMagnitude(max)}`]
  return parameterFault(row, row.layer, `it is limited to ${bounds.filter(Boolean).join(' and ')}`, change, after)
}

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127

function isRepeated(elements: Elements, value: number): boolean {
  const first = elements.indexOf(value)
  return first >= 0 && elements.includes(value, first + 1)
}

const byScalar: Attempt = async (scene, row, inside) => {
  for (const { layer, details } of inside) {
    for (const scalar of details.scalars) {
      const found = await solve(scene, row, layer, scalar)
      if (found !== undefined) return found
    }
  }
  return undefined
}

const byRounding: Attempt = async (scene, row, inside) => {
  const { walk } = scene
  for (const rounding of ['fp16', 'bf16', 'int8'] as const) {
    const layers: LayerInfo[] = []
    for (const { layer } of inside) if ((await roundingOfWeights(walk, layer)) === rounding) layers.push(layer)
    if (layers.length === 0) continue
    const others = walk.subject.network.layers.filter((layer) => !layers.includes(layer))
    const { weighted, rounded } = await countRounded(walk, others, rounding)
    // What the other layers have as well does not tell this one from them.
    if (rounding !== 'int8' && rounded > 0 && rounded >= weighted / 2) continue
    if (!(await isExplainedByRounding(scene, row, layers, rounding))) continue
    const [layer] = layers
    const compared = layers.length === 1 ? await compareWeights(walk, row, layer) : undefined
    if (compared?.different.length === 0) continue
    const whose = layers.length === 1 ? 'its weights' : `the weights of ${layers.map(({ name }) => name).join(', ')}`
    return {
      cause: `${rounding}-weights`,
      evidence: `${whose} are ${described[rounding]}; ${compared?.evidence ?? 'the error is of that size'}`,
      ...(layers.length === 1 && { layer }),
    }
  }
  return undefined
}

/** Where the reference shows its weights: they are the same, or they differ, which in a segment has to take the error away. */
const byComparison: Attempt = async (scene, row, inside) => {
  const compared: WeightComparison[] = []
  for (const { layer } of inside) {
    const found = await compareWeights(scene.walk, row, layer)
    if (found === undefined) continue
    compared.push(found)
    if (found.different.length === 0) continue
    if (inside.length === 1) return { cause: 'weights', evidence: found.evidence, layer }
    const weights = Object.fromEntries(found.different.map(({ name, target }) => [name, target]))
    if (isGone(await errorOfChanged(scene, row, layer, { weights }), row))
      return { cause: 'weights', evidence: found.evidence, layer }
  }
  const weighted = inside.filter(({ details }) => details.weights.length > 0)
  if (weighted.length === 0 || compared.length < weighted.length) return undefined
  if (compared.some(({ different }) => different.length > 0)) return undefined
  const turned = await byOrderOfAxes(scene, row, inside)
  return turned ?? withPattern(scene, row, { cause: 'parameter', evidence: compared[0].evidence })
}

/** Weights that have all of the reference's elements may have them in a wrong order. */
const byOrderOfAxes: Attempt = async (scene, row, inside) => {
  for (const { layer } of inside) {
    for (const weight of (await compareWeights(scene.walk, row, layer))?.same ?? []) {
      for (const { order, target } of rearrangements(weight)) {
        const after = await errorOfChanged(scene, row, layer, { weights: { [weight.name]: target } })
        if (!isGone(after, row)) continue
        const evidence = `${weight.name} has the elements of the reference's ${weight.reference.name} in a wrong order: it agrees when their axes come in the order (${order.join(', ')})`
        return { cause: 'weights', evidence, layer }
      }
    }
  }
  return undefined
}

const described = {
  fp16: 'float16 numbers',
  bf16: 'bfloat16 numbers',
  int8: 'whole multiples of a 127th of their largest',
} as const

const parameterFault = (
  { introduced }: Row,
  layer: LayerInfo,
  what: string,
  change: LayerChange,
  after: number,
): Explanation => ({
  cause: 'parameter',
  evidence: `agrees when ${what}: ${formatMagnitude(introduced)} becomes ${formatMagnitude(after)}`,
  layer,
  repair: { what, settings: changing(layer.name, change), before: introduced, after },
})

const mostSteps = 6

/**
 * A number that the layer depends on in a nearly straight line: two errors say where it would be zero, on either side, and the next ones
 * say it better.
 */
async function solve(
  scene: Scene,
  row: Row,
  layer: LayerInfo,
  { name, value, change, least }: ScalarRange,
): Promise<Explanation | undefined> {
  let [known, error] = [value, withoutBackground(row.introduced, row)]
  let other = value + Math.max(Math.abs(value) * 0.5, 1e-3)
  let errorThere = withoutBackground(await errorOfChanged(scene, row, layer, change(other)), row)
  for (let step = 0; step < mostSteps; step++) {
    if (!Number.isFinite(errorThere)) return undefined
    const between = (known * errorThere + other * error) / (errorThere + error)
    const beyond = (known * errorThere - other * error) / (errorThere - error)
    const tried = [beyond, between].filter((candidate) => Number.isFinite(candidate) && candidate >= least)
    let best: readonly [number, number] | undefined
    for (const candidate of tried) {
      const after = await errorOfChanged(scene, row, layer, change(candidate))
      if (await isRepaired(scene, row, layer, change(candidate), after))
        return scalarFault(scene, row, layer, { name, value, change, least }, candidate, after)
      const left = withoutBackground(after, row)
      if (best === undefined || left < best[1]) best = [candidate, left]
    }
    if (best === undefined || best[1] > 0.7 * Math.min(error, errorThere)) return undefined
    if (error < errorThere) [other, errorThere] = [known, error]
    ;[known, error] = best
  }
  return undefined
}

/** Names a number that repairs the layer: a short one where that does as well, for people wrote it. */
async function scalarFault(
  scene: Scene,
  row: Row,
  layer: LayerInfo,
  { name, value, change }: ScalarRange,
  solution: number,
  error: number,
): Promise<Explanation> {
  const shorter = [1, 2, 3].map((digits) => Number(solution.toPrecision(digits)))
  const candidates = Math.abs(solution) < 1e-2 * Math.abs(value) ? [0, ...shorter] : shorter
  let [chosen, after] = [solution, error]
  for (const candidate of candidates) {
    const tried = await errorOfChanged(scene, row, layer, change(candidate))
    if (tried > Math.max(error, leastFactor * row.noise)) continue
    ;[chosen, after] = [candidate, tried]
    break
  }
  const [right, wrong] = formatApart(chosen, value)
  const what = `${name} is ${right} instead of ${wrong}`
  return parameterFault(row, layer, what, change(chosen), after)
}
