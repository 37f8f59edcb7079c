// How much each step from exact arithmetic to the model's own adds: float64, float32, blobs in 16 bits, sums in 16 bits. The steps are nested,
// since storage rounds the weights again: a cause that is switched off may repair nothing while another is on.
import type { VariantSettings } from '../../runners/model.ts'
import { formatMagnitude } from '../../tensor/numbers.ts'
import { outputError, outputRows } from '../output-error.ts'
import { plainSwitches } from '../reduced-precision.ts'
import { type Cause, type Explanation, type Scene, withVariant } from './found.ts'
import { countRounded } from './rounded-weights.ts'

export interface Share extends Explanation {
  /** Of the squared error of the outputs, 0..1. */
  readonly share: number
}

interface Step {
  readonly cause: Cause
  readonly what: string
  readonly settings: VariantSettings
}

/** The steps that lead to the model's own settings, the last of which is the model itself. */
function stepsTo(options: Readonly<Record<string, unknown>>): Step[] {
  const weights: Step = {
    cause: 'weights',
    what: 'exact arithmetic with the weights of the file',
    settings: { precision: 'float64', ncnn: { ...plainSwitches, useWinogradConvolution: false } },
  }
  const steps: Step[] = [
    weights,
    { cause: 'float32', what: 'float32', settings: { precision: 'float32', ncnn: plainSwitches } },
  ]
  if (options.useFp16Storage)
    steps.push({
      cause: 'fp16-storage',
      what: 'blobs and weights in float16',
      settings: { ncnn: { useFp16Arithmetic: false } },
    })
  if (options.useBf16Storage && !options.useFp16Storage)
    steps.push({ cause: 'bf16-storage', what: 'blobs and weights in bfloat16', settings: {} })
  if (options.useFp16Arithmetic) steps.push({ cause: 'fp16-arithmetic', what: 'sums in float16', settings: {} })
  return steps
}

/** Attributes an error that all layers share, along the chain of settings; largest share first. Undefined where the model has no variants. */
export async function sharesOf(scene: Scene): Promise<readonly Share[] | undefined> {
  const { walk, rows } = scene
  const { weighted, rounded } = await countRounded(walk, walk.subject.network.layers, 'fp16')
  const weights: Cause = rounded > weighted / 2 ? 'fp16-weights' : 'weights'
  const { model } = walk.subject
  if (model.variant === undefined) return undefined
  const outputs = outputRows(walk, rows)
  if (outputs.length === 0) return undefined
  const errors: { step: Step; error: number }[] = []
  for (const step of stepsTo(model.runtime.options ?? {})) {
    const error = await withVariant(scene, step.settings, (variant) =>
      outputError(walk, variant, outputs, walk.subject.inputs),
    )
    if (error !== undefined && Number.isFinite(error)) errors.push({ step, error })
  }
  const total = errors.at(-1)?.error
  if (total === undefined || total === 0) return undefined
  const shares = errors.map(({ step, error }, i): Share => {
    const before = i === 0 ? 0 : errors[i - 1].error
    return {
      cause: step.cause === 'weights' ? weights : step.cause,
      evidence: `${step.what}: the outputs' error grows from ${formatMagnitude(before)} to ${formatMagnitude(error)}`,
      share: Math.max(0, error ** 2 - before ** 2) / total ** 2,
    }
  })
  return shares.sort((a, b) => b.share - a.share)
}
