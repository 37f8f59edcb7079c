// Activation functions of one element, without and with parameters. In float32 each takes the steps of ncnn's plain layer; in
// float64 it is the mathematical function, without the limits that keep those steps from overflowing.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float, int, type ParamSpecs, type ParamValues } from '../../../params.ts'
import { type AnyLayerType, defineLayer } from '../layer.ts'
import { erf, erfc, exp, expm1, log1p, tanh } from '../math/index.ts'
import { mapElements } from '../operations/elementwise.ts'
import { larger, smaller } from '../operations/extrema.ts'

interface ActivationDefinition<P extends ParamSpecs> {
  readonly params: P
  /** The kernel for float32, with its constants a and b. */
  readonly kernel: (params: ParamValues<P>) => readonly [kind: number, a?: number, b?: number]
  readonly f: (x: number, params: ParamValues<P>) => number
}

/** Declares a layer y = f(x). */
function activation<P extends ParamSpecs>(
  type: string,
  { params: specs, kernel, f }: ActivationDefinition<P>,
): AnyLayerType {
  return defineLayer({
    type,
    inputs: '1',
    params: specs,
    forward([x], { params }, workspace) {
      const [kind, a = 0, b = 0] = kernel(params)
      return mapElements(
        x,
        workspace,
        (value) => f(value, params),
        (input, output, n) => workspace.kernels.activate(kind, input, output, n, a, b),
      )
    },
  })
}

/** log(1 + e^x) */
const softplus = (x: number): number => Math.max(x, 0) + log1p(exp(-Math.abs(x)))

/** y = x, or x * slope below 0 */
export const ReLU = activation('ReLU', {
  params: { slope: float(0) },
  kernel: ({ slope }) => (slope === 0 ? [Activation.clip, 0, Infinity] : [Activation.leakyRelu, slope]),
  f: (x, { slope }) => (x < 0 ? (slope === 0 ? 0 : x * slope) : x),
})

const largestFloat = 3.4028234663852886e38

/** y = min(max(x, min), max) */
export const Clip = activation('Clip', {
  params: { min: float(0, -largestFloat), max: float(1, largestFloat) },
  kernel: ({ min, max }) => [Activation.clip, min, max],
  f: (x, { min, max }) => smaller(larger(x, min), max),
})

/** y = 1 / (1 + e^-x) */
export const Sigmoid = activation('Sigmoid', {
  params: {},
  kernel: () => [Activation.sigmoid],
  f: (x) => 1 / (1 + exp(-x)),
})

/** y = tanh x */
export const TanH = activation('TanH', { params: {}, kernel: () => [Activation.tanh], f: tanh })

/** y = x / (1 + e^-x) */
export const Swish = activation('Swish', {
  params: {},
  kernel: () => [Activation.swish],
  f: (x) => x / (1 + exp(-x)),
})

/** y = x * tanh(log(1 + e^x)) */
export const Mish = activation('Mish', {
  params: {},
  kernel: () => [Activation.mish],
  f: (x) => x * tanh(softplus(x)),
})

/** y = log(1 + e^x) */
export const Softplus = activation('Softplus', { params: {}, kernel: () => [Activation.softplus], f: softplus })

/** y = log(1 + e^x), where x is above 0 as x + log(1 + e^-x) */
export const BNLL = activation('BNLL', { params: {}, kernel: () => [Activation.bnll], f: softplus })

/** y = x, or alpha * (e^x - 1) below 0 */
export const ELU = activation('ELU', {
  params: { alpha: float(0, 0.1) },
  kernel: ({ alpha }) => [Activation.elu, alpha],
  f: (x, { alpha }) => (x < 0 ? alpha * expm1(x) : x),
})

/** y = lambda * x, or lambda * alpha * (e^x - 1) below 0 */
export const SELU = activation('SELU', {
  params: { alpha: float(0, 1.67326324), lambda: float(1, 1.050700987) },
  kernel: ({ alpha, lambda }) => [Activation.selu, alpha, lambda],
  f: (x, { alpha, lambda }) => lambda * (x < 0 ? alpha * expm1(x) : x),
})

/** y = x, or alpha * (e^(x / alpha) - 1) below 0 */
export const CELU = activation('CELU', {
  params: { alpha: float(0, 1) },
  kernel: ({ alpha }) => [Activation.celu, alpha],
  f: (x, { alpha }) => (x < 0 ? alpha * expm1(x / alpha) : x),
})

/**
 * y = 0.5 * x * erfc(-x / sqrt(2)), which is x * P(X <= x) for a normal X;
 * fast_gelu: y = 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
 */
export const GELU = activation('GELU', {
  params: { fast_gelu: int(0) },
  kernel: ({ fast_gelu }) => [fast_gelu ? Activation.fastGelu : Activation.gelu],
  f: (x, { fast_gelu }) =>
    fast_gelu
      ? 0.5 * x * (1 + tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
      : 0.5 * x * erfc(-x * Math.SQRT1_2),
})

/** y = erf x */
export const Erf = activation('Erf', { params: {}, kernel: () => [Activation.erf], f: erf })

/** Between these points the hard sigmoid is neither 0 nor 1. */
function hardLimits({ alpha, beta }: { readonly alpha: number; readonly beta: number }): [number, number] {
  const lower = -beta / alpha
  return [lower, 1 / alpha + lower]
}

/** y = min(max(alpha * x + beta, 0), 1) */
export const HardSigmoid = activation('HardSigmoid', {
  params: { alpha: float(0, 0.2), beta: float(1, 0.5) },
  kernel: ({ alpha, beta }) => [Activation.hardSigmoid, alpha, beta],
  f(x, params) {
    const [lower, upper] = hardLimits(params)
    return x < lower ? 0 : x > upper ? 1 : params.alpha * x + params.beta
  },
})

/** y = x * min(max(alpha * x + beta, 0), 1) */
export const HardSwish = activation('HardSwish', {
  params: { alpha: float(0, 0.2), beta: float(1, 0.5) },
  kernel: ({ alpha, beta }) => [Activation.hardSwish, alpha, beta],
  f(x, params) {
    const [lower, upper] = hardLimits(params)
    return x < lower ? 0 : x > upper ? x : x * (params.alpha * x + params.beta)
  },
})

/** y = x + bias below -lambd, x - bias above lambd, 0 between */
export const Shrink = activation('Shrink', {
  params: { bias: float(0), lambd: float(1, 0.5) },
  kernel: ({ bias, lambd }) => [Activation.shrink, bias, lambd],
  f: (x, { bias, lambd }) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0),
})

/** y = 1 above threshold, else 0 */
export const Threshold = activation('Threshold', {
  params: { threshold: float(0) },
  kernel: ({ threshold }) => [Activation.threshold, threshold],
  f: (x, { threshold }) => (x > threshold ? 1 : 0),
})
