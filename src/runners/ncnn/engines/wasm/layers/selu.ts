// SELU: a scaled ELU whose outputs keep mean 0 and variance 1.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { expm1 } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = lambda * x, or lambda * alpha * (e^x - 1) below 0 */
export const SELU = activation({
  type: 'SELU',
  binaryId: 66,
  stores16: true,

  params: { alpha: float(0, 1.67326324), lambda: float(1, 1.050700987) },
  kernel: ({ alpha, lambda }) => [Activation.selu, alpha, lambda],
  f: (x, { alpha, lambda }) => lambda * (x < 0 ? alpha * expm1(x) : x),
})
