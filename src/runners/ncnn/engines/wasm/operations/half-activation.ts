// Activations in half precision: where ncnn's ARM code takes their steps in float16, each is rounded.
import { Activation, HalfFunction } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { roundToFloat16 } from '../precision/sums.ts'
import type { FusedActivation } from './fused-activation.ts'

/** The others have one step, or take their steps in float32. */
const halfFunctions: Readonly<Record<number, number>> = {
  [Activation.sigmoid]: HalfFunction.sigmoid,
  [Activation.tanh]: HalfFunction.tanh,
  [Activation.swish]: HalfFunction.swish,
  [Activation.mish]: HalfFunction.mish,
  [Activation.hardSigmoid]: HalfFunction.hardSigmoid,
  [Activation.hardSwish]: HalfFunction.hardSwish,
}

/** The activation of halves, in place. */
export function activateHalf(y: Blob, { type, a, b }: FusedActivation, { kernels }: Workspace): void {
  if (type === Activation.none) return
  const common = { input: y.ptr, output: y.ptr, n: y.length }
  const f = halfFunctions[type]
  if (type === Activation.leakyRelu) kernels.activate({ ...common, activation: type, activationA: roundToFloat16(a) })
  else if (f === undefined) kernels.activate({ ...common, activation: type, activationA: a, activationB: b })
  else kernels.halfFunction({ ...common, f, a, b })
}
