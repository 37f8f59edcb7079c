// Clip: the nearest number within limits.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { activation } from '../operations/activation-layer.ts'
import { larger, smaller } from '../operations/extrema.ts'

const largestFloat = 3.4028234663852886e38

/** y = min(max(x, min), max) */
export const Clip = activation({
  type: 'Clip',
  binaryId: 54,
  stores16: true,

  params: { min: float(0, -largestFloat), max: float(1, largestFloat) },
  kernel: ({ min, max }) => [Activation.clip, min, max],
  f: (x, { min, max }) => smaller(larger(x, min), max),
})
