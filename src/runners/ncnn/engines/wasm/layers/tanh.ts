// TanH: the hyperbolic tangent.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { tanh } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = tanh x */
export const TanH = activation({
  type: 'TanH',
  binaryId: 35,
  stores16: true,
  params: {},
  kernel: () => [Activation.tanh],
  f: tanh,
})
