// CELU: an ELU whose derivative is continuous for every alpha.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { expm1 } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = x, or alpha * (e^(x / alpha) - 1) below 0 */
export const CELU = activation({
  type: 'CELU',
  binaryId: 102,
  stores16: false,

  params: { alpha: float(0, 1) },
  kernel: ({ alpha }) => [Activation.celu, alpha],
  f: (x, { alpha }) => (x < 0 ? alpha * expm1(x / alpha) : x),
})
