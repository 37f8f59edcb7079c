// GELU: each element times the share of the normal distribution below it.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { int } from '../../../params.ts'
import { erfc, tanh } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'

/**
 * y = 0.5 * x * erfc(-x / sqrt(2)), which is x * P(X <= x) for a normal X;
 * fast_gelu: y = 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))
 */
export const GELU = activation({
  type: 'GELU',
  binaryId: 80,
  stores16: true,

  params: { fast_gelu: int(0) },
  kernel: ({ fast_gelu }) => [fast_gelu ? Activation.fastGelu : Activation.gelu],
  f: (x, { fast_gelu }) =>
    fast_gelu
      ? 0.5 * x * (1 + tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
      : 0.5 * x * erfc(-x * Math.SQRT1_2),
})
