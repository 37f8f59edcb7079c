// BNLL: the binomial normal log likelihood, which is what Softplus computes.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { activation } from '../operations/activation-layer.ts'
import { softplus } from '../operations/logistic.ts'

/** y = log(1 + e^x), where x is above 0 as x + log(1 + e^-x) */
export const BNLL = activation({
  type: 'BNLL',
  binaryId: 4,
  stores16: false,
  params: {},
  kernel: () => [Activation.bnll],
  f: softplus,
})
