// Softplus: a smooth ReLU.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { activation } from '../operations/activation-layer.ts'
import { softplus } from '../operations/logistic.ts'

/** y = log(1 + e^x) */
export const Softplus = activation({
  type: 'Softplus',
  binaryId: 77,
  stores16: false,
  params: {},
  kernel: () => [Activation.softplus],
  f: softplus,
})
