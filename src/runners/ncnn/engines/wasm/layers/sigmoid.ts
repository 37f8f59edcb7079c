// Sigmoid: the logistic function.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { activation } from '../operations/activation-layer.ts'
import { sigmoid } from '../operations/logistic.ts'

/** y = 1 / (1 + e^-x) */
export const Sigmoid = activation({
  type: 'Sigmoid',
  binaryId: 30,
  stores16: true,

  params: {},
  kernel: () => [Activation.sigmoid],
  f: sigmoid,
})
