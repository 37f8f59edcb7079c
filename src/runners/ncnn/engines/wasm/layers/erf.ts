// Erf: the error function.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { erf } from '../math/index.ts'
import { activation } from '../operations/activation-layer.ts'

/** y = erf x */
export const Erf = activation({
  type: 'Erf',
  binaryId: 100,
  stores16: true,
  params: {},
  kernel: () => [Activation.erf],
  f: erf,
})
