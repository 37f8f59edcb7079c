// Threshold: which elements lie above a number.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = 1 above threshold, else 0 */
export const Threshold = activation({
  type: 'Threshold',
  binaryId: 36,
  stores16: false,

  params: { threshold: float(0) },
  kernel: ({ threshold }) => [Activation.threshold, threshold],
  f: (x, { threshold }) => (x > threshold ? 1 : 0),
})
