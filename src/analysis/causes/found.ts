// What the search for causes works with, and what it finds.
import type { LayerChange, LayerInfo, Model, VariantSettings } from '../../runners/model.ts'
import type { Row } from '../rows.ts'
import type { Walk } from '../walk-state.ts'

/** Why two models differ, as far as it can be told. A name that is none of these is that of a runtime whose own arithmetic differs. */
export type Cause =
  | 'weights'
  | 'fp16-weights'
  | 'bf16-weights'
  | 'int8-weights'
  | 'parameter'
  | 'graph'
  | 'fp16-storage'
  | 'fp16-arithmetic'
  | 'bf16-storage'
  | 'winograd'
  | 'int8'
  | 'float32'
  | 'input'
  | 'overflow'

export interface Explanation {
  readonly cause: Cause
  /** What shows it, in a sentence. */
  readonly evidence: string
  /** Of the layers of a segment, the one that it is, where a run has shown it. */
  readonly layer?: LayerInfo
  /** What takes the error away, verified by a run. */
  readonly repair?: Repair
}

export interface Repair {
  /** In words: `pad_left 1, pad_right 1`. */
  readonly what: string
  /** Settings for `model.variant`. */
  readonly settings: VariantSettings
  /** The relative error of the layer, or of the segment that it belongs to, before and after. */
  readonly before: number
  readonly after: number
}

export interface Scene {
  readonly walk: Walk
  readonly rows: readonly Row[]
  /** Rows whose error is more than rounding. */
  readonly suspects: readonly Row[]
}

/** What explains many rows at once, and which are left. */
export interface SharedCause extends Explanation {
  readonly rest: readonly Row[]
}

/** Runs something on a variant of the model; undefined where the model has none, or not this one. */
export async function withVariant<Result>(
  { walk }: Pick<Scene, 'walk'>,
  settings: VariantSettings,
  use: (variant: Model) => Promise<Result>,
): Promise<Result | undefined> {
  const { model } = walk.subject
  if (model.variant === undefined) return undefined
  let variant: Model
  try {
    variant = await model.variant(settings)
  } catch {
    return undefined
  }
  try {
    return await use(variant)
  } finally {
    variant.close()
  }
}

/** Settings under which only one layer is changed. */
export const changing = (layer: string, change: LayerChange): VariantSettings => ({ layers: { [layer]: change } })

/** For culprits beyond the few whose causes are looked for. */
export const unexplained: Explanation = {
  cause: 'weights',
  evidence: 'its cause was not looked for: repair the first culprits before',
}
