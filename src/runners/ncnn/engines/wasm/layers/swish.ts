// Swish: each element times its logistic function.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { exp } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = x / (1 + e^-x) */
export const Swish = activation({
  type: 'Swish',
  binaryId: 73,
  stores16: true,

  params: {},
  kernel: () => [Activation.swish],
  f: (x) => x / (1 + exp(-x)),
})
