// Shrink: elements moved towards zero, small ones to zero.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = x + bias below -lambd, x - bias above lambd, 0 between */
export const Shrink = activation({
  type: 'Shrink',
  binaryId: 103,
  stores16: false,

  params: { bias: float(0), lambd: float(1, 0.5) },
  kernel: ({ bias, lambd }) => [Activation.shrink, bias, lambd],
  f: (x, { bias, lambd }) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0),
})
