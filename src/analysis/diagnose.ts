// diagnose: where two models part, why, and what takes the difference away.
import type { Model } from '../runners/model.ts'
import { type Cause, type Explanation, type Repair, type Scene, unexplained } from './causes/found.ts'
import { graphDifference, withoutMisfed } from './causes/graph.ts'
import { int8Cause } from './causes/int8.ts'
import { layerFault } from './causes/layer-fault.ts'
import { brokenWeights, firstOverflow } from './causes/overflow.ts'
import { fp16WeightsCause } from './causes/rounded-weights.ts'
import { sharesOf } from './causes/shares.ts'
import { type NarrowSide, narrowSide, storageCause } from './causes/storage.ts'
import { switchedPrecision } from './causes/switched-precision.ts'
import { winogradCause } from './causes/winograd.ts'
import { type WrongEnd, wrongEnds } from './causes/wrong-end.ts'
import { inputDifference } from './check-inputs.ts'
import { type CompareModelsOptions, checkAnalysis, type Examined, examine, examineSurely } from './compare-models.ts'
import type { LayerRow } from './layer-table.ts'
import type { OutputComparison } from './outputs.ts'
import { checkPair } from './prepare.ts'
import { rankByShare } from './rank.ts'
import { factorOf, isSuspect, type Row } from './rows.ts'
import { isUnsure, type Match } from './walk-state.ts'

export interface Culprit {
  readonly layer: string
  readonly type: string
  readonly blob: string
  /** Relative error of the blob when the layer is fed with the reference's tensors. */
  readonly introduced: number
  /** Relative error that rounding explains. */
  readonly noise: number
  /** `introduced / noise`. */
  readonly factor: number
  readonly cause: Cause
  /** What shows it, in a sentence. */
  readonly evidence: string
  /** The layers among which it is, in execution order: several where they have no counterparts and no run has shown which; `layer` is the last then. */
  readonly segment: readonly string[]
  /** The change of the model that takes the error away, verified by a run. */
  readonly repair?: Repair
}

export interface Diagnosis {
  /**
   * - `equal`: the outputs are the same to the last bit, and no layer errs.
   * - `inputs differ`: both models were fed different things; nothing else was looked at.
   * - `layers`: the culprits err more than anything that all layers have in common.
   * - `grows evenly`: every layer errs as much as the cause explains, and nobody is to blame.
   */
  readonly verdict: 'equal' | 'inputs differ' | 'layers' | 'grows evenly'
  /** Those that matter most for the outputs first. */
  readonly culprits: readonly Culprit[]
  /** The first culprit's, or the one that all layers share; undefined when the outputs are equal. */
  readonly cause: Cause | undefined
  /** All that were found: the culprits', then what the layers share. */
  readonly causes: readonly { readonly cause: Cause; readonly evidence: string }[]
  /** The first culprit's. */
  readonly repair?: Repair
  readonly outputs: readonly OutputComparison[]
  readonly layers: readonly LayerRow[]
}

/** See the public `diagnose`. */
export async function diagnose(model: Model, reference: Model, options: CompareModelsOptions): Promise<Diagnosis> {
  const tolerances = checkAnalysis('diagnose', model, reference, options)
  const fed = checkPair(reference, options)
  const differences = fed.flatMap(
    ({ name, own, referenceName, theirs }) => inputDifference(name, own, referenceName, theirs) ?? [],
  )
  if (differences.length > 0) return ofInputs(differences)
  return diagnoseExamined(await examine(model, reference, options, tolerances))
}

/**
 * The diagnosis of two models that were compared already.
 * @param mostExplained more culprits are listed without a search for their causes
 */
export async function diagnoseExamined(
  examined: Examined,
  { mostExplained = 4 }: { readonly mostExplained?: number } = {},
): Promise<Diagnosis> {
  const suspicion = await withoutDoubtful(await suspect(examined))
  const { culprits, shared } = await findCulprits(suspicion, mostExplained)
  const { outputs, layers } = suspicion.examined.comparison
  const causes = [...culprits, ...shared].map(({ cause, evidence }) => ({ cause, evidence }))
  const isEqual = culprits.length === 0 && outputs.every(({ error }) => error === 0)
  return {
    verdict: culprits.length > 0 ? 'layers' : isEqual ? 'equal' : 'grows evenly',
    culprits,
    cause: isEqual ? undefined : causes[0].cause,
    causes: isEqual ? [] : causes,
    ...(culprits[0]?.repair && { repair: culprits[0].repair }),
    outputs,
    layers,
  }
}

const ofInputs = (differences: readonly string[]): Diagnosis => ({
  verdict: 'inputs differ',
  culprits: [],
  cause: 'input',
  causes: differences.map((evidence) => ({ cause: 'input', evidence })),
  outputs: [],
  layers: [],
})

interface Found {
  readonly culprits: readonly Culprit[]
  /** What all layers have in common. */
  readonly shared: readonly Explanation[]
}

/** Which rows are suspected, and what all of them have in common. */
interface Suspicion extends Together {
  readonly examined: Examined
  readonly scene: Scene
}

async function suspect(examined: Examined): Promise<Suspicion> {
  const { walk, rows } = examined
  const scene: Scene = { walk, rows, suspects: rows.filter(isSuspect) }
  return { examined, scene, ...(await explainTogether(scene)) }
}

/**
 * Without the suspects whose counterparts, or those of what they read, are only supposed to be and surely are those of other blobs, when
 * nothing errs that they are part of as soon as nothing is supposed. Where none is left, it is as if nothing had been supposed.
 */
async function withoutDoubtful(suspicion: Suspicion): Promise<Suspicion> {
  const { examined, shared, rest } = suspicion
  const supposedOf = ({ blob, feeds }: Row): Match[] =>
    [blob, ...feeds].flatMap((one) => {
      const match = examined.walk.visited.get(one)?.match
      return match !== undefined && isUnsure(match) ? [match] : []
    })
  // What int8 loses leaves nothing sure.
  if (shared.some(({ cause }) => cause === 'int8') || rest.every((row) => supposedOf(row).length === 0))
    return suspicion
  const surely = await suspect(await examineSurely(examined))
  const claimed = new Set(
    surely.examined.rows.filter(({ match }) => !isUnsure(match)).map(({ match }) => match.reference),
  )
  const erring = new Set(surely.rest.flatMap(({ segment }) => segment))
  const isDoubtful = (row: Row): boolean =>
    supposedOf(row).some(({ reference }) => claimed.has(reference)) && !row.segment.some((layer) => erring.has(layer))
  // What is shared may show only where nothing wrong is among the rows.
  const explained = new Set(
    surely.scene.suspects.filter((row) => !surely.rest.some(({ blob }) => blob === row.blob)).map(({ blob }) => blob),
  )
  const left = rest.filter((row) => !isDoubtful(row))
  const kept = left.length < rest.length ? left.filter(({ blob }) => !explained.has(blob)) : left
  return kept.length === 0 ? surely : { ...suspicion, rest: kept }
}

async function findCulprits(
  { examined: { walk, rows, comparison }, scene, shared, rest }: Suspicion,
  mostExplained: number,
): Promise<Found> {
  const overflow = firstOverflow(walk)
  if (overflow !== undefined) {
    const row = rows.find(({ layer }) => layer === overflow)
    const broken = await brokenWeights(walk, overflow)
    const evidence =
      broken ?? `its result is not finite though its inputs are${shared.length > 0 ? `; ${shared[0].evidence}` : ''}`
    const narrow = shared.find((one) => one.cause === 'fp16-storage' || one.cause === 'fp16-arithmetic')?.cause
    const cause = broken === undefined ? (narrow ?? 'overflow') : 'weights'
    const errors = row === undefined ? { introduced: Infinity, noise: 0, factor: Infinity } : errorsOf(row)
    const { name, type, outputs } = overflow
    return {
      culprits: [{ layer: name, type, blob: outputs[0], ...errors, cause, evidence, segment: [name] }],
      shared: [],
    }
  }
  const guilty = new Set(rest.map(({ blob }) => blob))
  const others = rows.filter(({ blob }) => !guilty.has(blob))
  const ends = await wrongEnds(scene, others, comparison.outputs)
  if (rest.length === 0) {
    if (ends.length === 0) return { culprits: [], shared: await attributed(scene, shared) }
    return {
      culprits: ends.map(endCulprit),
      shared: shared.filter((one) => one !== float32Rounding),
    }
  }
  const ranked = await rankByShare(walk, rows, await withoutMisfed(scene, rest))
  const culprits: Culprit[] = []
  for (const [i, row] of ranked.entries()) {
    const { cause, evidence, layer, repair } = i < mostExplained ? await explain(scene, row, shared) : unexplained
    // Several read what it gives.
    if (layer !== undefined && culprits.some((culprit) => culprit.layer === layer.name)) continue
    const { name, type } = layer ?? row.layer
    culprits.push({
      layer: name,
      type,
      blob: row.blob,
      ...errorsOf(row),
      cause,
      evidence,
      segment: layer === undefined ? row.segment.map((one) => one.name) : [name],
      ...(repair && { repair }),
    })
  }
  return { culprits: [...culprits, ...ends.map(endCulprit)], shared }
}

const endCulprit = ({
  row: { layer, blob, noise },
  error,
  explanation: { cause, evidence, repair },
}: WrongEnd): Culprit => ({
  layer: layer.name,
  type: layer.type,
  blob,
  introduced: error,
  noise,
  factor: error / noise,
  cause,
  evidence,
  segment: [layer.name],
  ...(repair && { repair }),
})

/** Where the model stores blobs in 16 bits, the steps that this takes have shares of the error: the largest is the cause. */
async function attributed(scene: Scene, shared: readonly Explanation[]): Promise<readonly Explanation[]> {
  const [first] = shared
  if (narrowSide(scene.walk)?.side !== 'model') return shared
  const shares = await sharesOf(scene)
  if (shares === undefined) return shared
  const told = shares.filter(({ share }) => share >= leastShare)
  return told.map(({ cause, evidence, share }) => ({
    cause,
    evidence: `${Math.round(100 * share)} % of the squared error; ${evidence}${cause === first.cause ? `; ${first.evidence}` : ''}`,
  }))
}

const leastShare = 0.02

const errorsOf = (row: Row): Pick<Culprit, 'introduced' | 'noise' | 'factor'> => ({
  introduced: row.introduced,
  noise: row.noise,
  factor: factorOf(row),
})

interface Together {
  readonly shared: readonly Explanation[]
  /** The suspects that err more than what is shared explains. */
  readonly rest: readonly Row[]
}

const float32Rounding: Explanation = {
  cause: 'float32',
  evidence: 'no layer errs more than rounding to float32 explains for it',
}

/** Looks for what many layers have in common: it is named before any of them is. */
async function explainTogether(scene: Scene): Promise<Together> {
  if (scene.suspects.length === 0) return { shared: [float32Rounding], rest: [] }
  const narrow: NarrowSide | undefined = narrowSide(scene.walk)
  const alone = narrow === undefined ? await int8Cause(scene) : await storageCause(scene, narrow)
  if (alone !== undefined) return { shared: [alone], rest: alone.rest }
  const shared: Explanation[] = []
  let rest: readonly Row[] = scene.suspects
  const halves = await fp16WeightsCause(scene)
  if (halves !== undefined) {
    shared.push(halves)
    rest = halves.rest
  }
  const winograd = await winogradCause(scene, rest)
  if (winograd !== undefined) {
    shared.push(winograd)
    rest = winograd.rest
  }
  return { shared, rest }
}

/** Why one row errs, and which layer of its segment it is. */
async function explain(scene: Scene, row: Row, shared: readonly Explanation[]): Promise<Explanation> {
  if (shared.some(({ cause }) => cause === 'int8')) {
    return { cause: 'int8', evidence: 'it errs far more than the other layers that compute in int8: its scales' }
  }
  return (await graphDifference(scene, row)) ?? (await switchedPrecision(scene, row)) ?? (await layerFault(scene, row))
}
