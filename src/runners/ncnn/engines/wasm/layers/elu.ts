// ELU: exponential below zero.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { expm1 } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = x, or alpha * (e^x - 1) below 0 */
export const ELU = activation({
  type: 'ELU',
  binaryId: 11,
  stores16: true,

  params: { alpha: float(0, 0.1) },
  kernel: ({ alpha }) => [Activation.elu, alpha],
  f: (x, { alpha }) => (x < 0 ? alpha * expm1(x) : x),
})
