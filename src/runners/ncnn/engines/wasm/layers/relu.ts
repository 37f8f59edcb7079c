// ReLU: zero, or a fraction, in place of what is negative.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = x, or x * slope below 0 */
export const ReLU = activation({
  type: 'ReLU',
  binaryId: 26,
  stores16: true,

  params: { slope: float(0) },
  kernel: ({ slope }) => (slope === 0 ? [Activation.clip, 0, Infinity] : [Activation.leakyRelu, slope]),
  f: (x, { slope }) => (x < 0 ? (slope === 0 ? 0 : x * slope) : x),
})
