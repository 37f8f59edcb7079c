// Why one layer errs: which single change of it takes the error away.
import type { LayerChange, LayerDetails, ScalarRange } from '../../runners/model.ts'
import { formatMagnitude } from '../../tensor/numbers.ts'
import { leastFactor, type Row } from '../rows.ts'
import { changing, type Explanation, type Scene } from './found.ts'
import { errorOfChanged, isGone, withoutBackground } from './one-layer.ts'
import { countRounded, roundingOfWeights, weightError } from './rounded-weights.ts'
import { compareWeights } from './weight-comparison.ts'

/** One way to explain a layer's error; undefined when it does not. */
type Attempt = (scene: Scene, row: Row, details: LayerDetails) => Promise<Explanation | undefined>

/** @param row the layer's row; its segment may hold layers that have no counterpart */
export async function layerFault(scene: Scene, row: Row): Promise<Explanation> {
  const { runtime } = scene.walk.subject.model
  const details = await scene.walk.subject.details(row.layer)
  if (details === undefined) {
    return { cause: 'parameter', evidence: `${runtime.name} does not show the layer's weights and parameters` }
  }
  for (const attempt of [byAlternative, byRounding, byScalar, byComparison]) {
    const found = await attempt(scene, row, details)
    if (found !== undefined) return found
  }
  if (details.weights.length === 0) {
    return { cause: 'parameter', evidence: 'it has no weights, so it is in what the layer computes' }
  }
  const tried = details.alternatives.length > 0 || details.scalars.length > 0
  const evidence = tried
    ? 'no change of a single parameter takes the error away, so it is in the weights'
    : `it has weights, and ${runtime.name} has no way to change the layer: its parameters were not tried`
  return { cause: 'weights', evidence }
}

const byAlternative: Attempt = async (scene, row, { alternatives }) => {
  if (row.segment.length > 1) return undefined
  for (const { what, change } of alternatives) {
    const after = await errorOfChanged(scene, row, change)
    if (isGone(after, row)) return parameterFault(row, what, change, after)
  }
  return undefined
}

const byScalar: Attempt = async (scene, row, { scalars }) => {
  if (row.segment.length > 1) return undefined
  for (const scalar of scalars) {
    const found = await solve(scene, row, scalar)
    if (found !== undefined) return found
  }
  return undefined
}

const byRounding: Attempt = async ({ walk, rows }, row) => {
  const rounding = await roundingOfWeights(walk, row.layer)
  if (rounding === undefined || rounding === 'none' || row.introduced >= 3 * weightError[rounding]) return undefined
  const others = rows.filter(({ layer }) => layer !== row.layer)
  const { of, rounded } = await countRounded(walk, others, rounding)
  // What the other layers have as well does not tell this one from them.
  if (rounding !== 'int8' && rounded >= of / 2) return undefined
  const compared = await compareWeights(walk, row)
  if (compared?.isEqual) return undefined
  const beside = compared === undefined ? 'the error is of that size' : compared.evidence
  return { cause: `${rounding}-weights`, evidence: `its weights are ${described[rounding]}; ${beside}` }
}

const byComparison: Attempt = async ({ walk }, row) => {
  const compared = await compareWeights(walk, row)
  if (compared === undefined) return undefined
  return { cause: compared.isEqual ? 'parameter' : 'weights', evidence: compared.evidence }
}

const described = {
  fp16: 'float16 numbers',
  bf16: 'bfloat16 numbers',
  int8: 'whole multiples of a 127th of their largest',
} as const

const parameterFault = (row: Row, what: string, change: LayerChange, after: number): Explanation => ({
  cause: 'parameter',
  evidence: `agrees when ${what}: ${row.introduced.toExponential(1)} becomes ${after.toExponential(1)}`,
  repair: { what, settings: changing(row.layer.name, change), before: row.introduced, after },
})

const mostSteps = 6

/**
 * A number that the layer depends on in a nearly straight line: two errors say where it would be zero, on either side, and the next ones
 * say it better.
 */
async function solve(
  scene: Scene,
  row: Row,
  { name, value, change, least }: ScalarRange,
): Promise<Explanation | undefined> {
  let [known, error] = [value, withoutBackground(row.introduced, row)]
  let other = value + Math.max(Math.abs(value) * 0.5, 1e-3)
  let errorThere = withoutBackground(await errorOfChanged(scene, row, change(other)), row)
  for (let step = 0; step < mostSteps; step++) {
    if (!Number.isFinite(errorThere)) return undefined
    const between = (known * errorThere + other * error) / (errorThere + error)
    const beyond = (known * errorThere - other * error) / (errorThere - error)
    const tried = [beyond, between].filter((candidate) => Number.isFinite(candidate) && candidate >= least)
    let best: readonly [number, number] | undefined
    for (const candidate of tried) {
      const after = await errorOfChanged(scene, row, change(candidate))
      if (isGone(after, row)) return scalarFault(scene, row, { name, value, change, least }, candidate, after)
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
  { name, value, change }: ScalarRange,
  solution: number,
  error: number,
): Promise<Explanation> {
  const shorter = [1, 2, 3].map((digits) => Number(solution.toPrecision(digits)))
  const candidates = Math.abs(solution) < 1e-2 * Math.abs(value) ? [0, ...shorter] : shorter
  let [chosen, after] = [solution, error]
  for (const candidate of candidates) {
    const tried = await errorOfChanged(scene, row, change(candidate))
    if (tried > Math.max(error, leastFactor * row.noise)) continue
    ;[chosen, after] = [candidate, tried]
    break
  }
  const what = `${name} is ${formatMagnitude(chosen)} instead of ${formatMagnitude(value)}`
  return parameterFault(row, what, change(chosen), after)
}
