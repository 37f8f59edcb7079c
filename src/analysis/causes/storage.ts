// Blobs stored in 16 bits: all tensors of one side fit into float16 or bfloat16.
import { distance } from '../distance.ts'
import { roundoff } from '../noise.ts'
import { plainSwitches } from '../reduced-precision.ts'
import { type Narrow, narrowestOf } from '../representable.ts'
import { factorOf, isSuspect, leastFactor, numbersOf, type Row, targetOf } from '../rows.ts'
import type { Subject } from '../subject.ts'
import type { Walk } from '../walk-state.ts'
import { type Scene, type SharedCause, withVariant } from './found.ts'
import { beyondFp16Weights } from './rounded-weights.ts'

export interface NarrowSide {
  readonly side: 'model' | 'reference'
  readonly type: Narrow
  /** How many blobs fit, of those that have enough different elements to tell. */
  readonly fitting: number
  readonly of: number
}

/** Where no tensor is long enough to tell, a short one with so many different elements does. */
const fewestDistinct = 5

/** At least this share of a side's tensors fits. */
const leastShare = 0.6

/** The side whose computed tensors are all stored in 16 bits; undefined when neither is. */
export function narrowSide({ subject }: Walk): NarrowSide | undefined {
  const { facts, inputs, references, referenceInputs } = subject
  const own = [...facts].filter(([blob]) => !Object.hasOwn(inputs, blob)).map(([, fact]) => fact)
  const given = references.all.filter(({ name }) => !Object.hasOwn(referenceInputs, name))
  const narrowest = (least?: number) => given.map(({ elements }) => narrowestOf(elements, least))
  const usual = narrowest()
  // A short output may be all there is.
  const theirs = usual.some(({ telling }) => telling) ? usual : narrowest(fewestDistinct)
  for (const [side, all] of [
    ['model', own],
    ['reference', theirs],
  ] as const) {
    const telling = all.filter((one) => one.telling)
    for (const type of ['bfloat16', 'float16'] as const) {
      const fitting = telling.filter(({ narrow }) => narrow === type).length
      if (fitting > leastShare * telling.length) return { side, type, fitting, of: telling.length }
    }
  }
  return undefined
}

/** Half a step of the type, relative. */
const unitOf = (type: Narrow): number => (type === 'bfloat16' ? 2 ** -9 : 2 ** -12)

export async function storageCause(scene: Scene, narrow: NarrowSide): Promise<SharedCause> {
  const { side, type, fitting, of } = narrow
  const short = type === 'bfloat16' ? 'bf16' : 'fp16'
  const rest = (side === 'model' ? await leftWithoutStorage(scene) : undefined) ?? beyondStorage(scene.rows, type)
  return {
    cause: `${short}-storage`,
    evidence: `${fitting} of the ${of} tensors of the ${side} that can tell hold nothing but ${type} numbers`,
    rest: rest.map((row) => ({ ...row, noise: Math.max(row.noise, unitOf(type) / 2) })),
  }
}

/** The rows that are no better when the model stores float32. */
async function leftWithoutStorage(scene: Scene): Promise<readonly Row[] | undefined> {
  const { walk, suspects, rows } = scene
  return withVariant(scene, { ncnn: plainSwitches }, async (plain) => {
    const compute: Subject['compute'] = (given, outputs) => plain.run(Object.fromEntries(given), { outputs })
    const left: Row[] = []
    for (const row of suspects) {
      const computed = await plain.run(Object.fromEntries(walk.feeds(row.feeds)), { outputs: [row.blob] })
      const own = numbersOf(walk, row.blob, computed[row.blob])
      const error = own === undefined ? Infinity : distance(own, targetOf(row)).error
      if (error > leastFactor * row.noise && error > 0.2 * row.introduced) left.push({ ...row, introduced: error })
    }
    // Without storage the weights of a float16 file are still rounded.
    return beyondFp16Weights({
      walk: { ...walk, subject: { ...walk.subject, model: plain, compute } },
      rows,
      suspects: left,
    })
  })
}

/** The rows that are off by more than the rounding of their inputs, weights and outputs, and what the layer makes of it. */
function beyondStorage(rows: readonly Row[], type: Narrow): Row[] {
  return rows.filter((row) => {
    const amplified = Math.min(20, factorOf({ introduced: row.noise, noise: roundoff }))
    return (
      isSuspect(row) &&
      row.introduced > 6 * unitOf(type) * (1 + Math.max(1, amplified / (1 + 0.3 * Math.sqrt(row.sumLength))))
    )
  })
}
