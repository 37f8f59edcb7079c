// Mish: each element times the hyperbolic tangent of its softplus.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { tanh } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'
import { softplus } from '../operations/logistic.ts'

/** y = x * tanh(log(1 + e^x)) */
export const Mish = activation({
  type: 'Mish',
  binaryId: 71,
  stores16: true,

  params: {},
  kernel: () => [Activation.mish],
  f: (x) => x * tanh(softplus(x)),
})
