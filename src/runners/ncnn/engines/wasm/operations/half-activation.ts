// Activations in half precision: where ncnn's ARM code takes their steps in float16, each is rounded.
import { Activation, HalfFunction } from '../../../../../kernels/ncnn.ts'
import type { Workspace } from '../layer.ts'
import { erf, erfc, exp, expm1, tanh } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import type { ArmLayout } from '../precision/arm-layout.ts'
import { roundToFloat16 } from '../precision/sums.ts'
import type { FusedActivation } from './fused-activation.ts'
import { sigmoid, softplus } from './logistic.ts'
import { behindVectors } from './vector-ends.ts'

/** The others have one step, or take their steps in float32. */
const halfFunctions: Readonly<Record<number, number>> = {
  [Activation.sigmoid]: HalfFunction.sigmoid,
  [Activation.tanh]: HalfFunction.tanh,
  [Activation.swish]: HalfFunction.swish,
  [Activation.mish]: HalfFunction.mish,
  [Activation.hardSigmoid]: HalfFunction.hardSigmoid,
  [Activation.hardSwish]: HalfFunction.hardSwish,
  [Activation.gelu]: HalfFunction.gelu,
  [Activation.fastGelu]: HalfFunction.fastGelu,
  [Activation.elu]: HalfFunction.elu,
  [Activation.selu]: HalfFunction.selu,
  [Activation.erf]: HalfFunction.erf,
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

/** What is left behind whole vectors takes its steps in float32, apart from those that are cut to float16 here. */
const singleFunctions: Readonly<Record<number, (x: number, a: number, b: number) => number>> = {
  [Activation.sigmoid]: sigmoid,
  [Activation.tanh]: tanh,
  [Activation.swish]: (x) => x / roundToFloat16(1 + exp(-x)),
  [Activation.mish]: (x) => x * roundToFloat16(tanh(softplus(x))),
  [Activation.hardSwish](x, alpha, beta) {
    const lower = -beta / alpha
    if (x < lower) return 0
    return x > 1 / alpha + lower ? x : x * (x * roundToFloat16(alpha) + roundToFloat16(beta))
  },
  [Activation.gelu]: (x) => 0.5 * x * erfc(-x * Math.SQRT1_2),
  [Activation.fastGelu](x) {
    // Near -1 the float32 of the hyperbolic tangent has few digits that 1 + it would keep.
    const [scale, cubic, f] = [roundToFloat16(Math.sqrt(2 / Math.PI)), roundToFloat16(0.044715), Math.fround]
    return 0.5 * x * roundToFloat16(1 + f(tanh(f(scale * f(x + f(cubic * x * x * x))))))
  },
  [Activation.elu]: (x, alpha) => (x < 0 ? alpha * expm1(x) : x),
  [Activation.selu]: (x, alpha, lambda) => (x < 0 ? alpha * lambda * expm1(x) : x * roundToFloat16(lambda)),
  [Activation.erf]: erf,
}

/** In vectors of how many halves an activation layer takes its elements; four where nothing else is said. */
const lanesOf: Readonly<Record<number, number>> = { [Activation.gelu]: 8, [Activation.fastGelu]: 8 }

/** y = f(x) of an activation layer, whose last elements do not fill a vector. */
export function activateHalves(
  x: Blob,
  activation: FusedActivation,
  layout: ArmLayout,
  y: Blob,
  workspace: Workspace,
): void {
  const { type, a, b } = activation
  const f = singleFunctions[type]
  const places = f === undefined ? [] : behindVectors(x.shape, layout, lanesOf[type] ?? 4)
  const singles = places.map((i) => f(x.data[i], a, b))
  if (y.ptr !== x.ptr) y.data.set(x.data)
  activateHalf(y, activation, workspace)
  places.forEach((i, n) => {
    y.data[i] = singles[n]
  })
}
