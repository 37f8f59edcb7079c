// The activation that convolutions and linear layers have built in (ncnn: activation_type, activation_params).
import { NcnnError } from '../../../error.ts'
import { floats, int } from '../../../params.ts'
import { exp, log1p, tanh } from '../math/index.ts'
import { atLeast } from '../param-checks.ts'

/** The two parameters by which a layer declares its fused activation. */
export const activationParams = { activation_type: int(9), activation_params: floats(10) } as const

/** An activation with its two constants, as kernels take it. */
export interface FusedActivation {
  /** ncnn's activation_type: 0 none, 1 ReLU, 2 leaky ReLU, 3 clip, 4 sigmoid, 5 Mish, 6 hard swish. */
  readonly type: number
  /** Leaky ReLU: slope; clip: min; hard swish: alpha. */
  readonly a: number
  /** Clip: max; hard swish: beta. */
  readonly b: number
}

const hardSwish = 6
const parameterCounts = [0, 0, 1, 2, 0, 0, 2]

export function fusedActivation(params: {
  readonly activation_type: number
  readonly activation_params: readonly number[]
}): FusedActivation {
  const { activation_type: type, activation_params: values } = params
  const count = parameterCounts[type]
  if (count === undefined) throw new NcnnError(`activation_type must be 0 to 6, found ${type}`)
  if (values.length < count)
    throw new NcnnError(`activation_type ${type} needs ${count} activation_params, found ${values.length}`)
  if (type === hardSwish) atLeast(0, { 'the alpha of activation_type 6': values[0] })
  return { type, a: values[0] ?? 0, b: values[1] ?? 0 }
}

/** The activation of one element, in float64. */
export function activate(x: number, { type, a, b }: FusedActivation): number {
  switch (type) {
    case 1:
      return Math.max(x, 0)
    case 2:
      return x > 0 ? x : x * a
    case 3:
      return Math.min(Math.max(x, a), b)
    case 4:
      return 1 / (1 + exp(-x))
    case 5:
      return x * tanh(log1p(exp(x)))
    case hardSwish:
      return x * Math.min(Math.max(x * a + b, 0), 1)
    default:
      return x
  }
}
