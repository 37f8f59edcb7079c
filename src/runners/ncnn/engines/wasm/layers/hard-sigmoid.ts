// HardSigmoid: a line between 0 and 1.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { activation } from '../operations/activation-layer.ts'
import { hardLimits } from '../operations/hard-limits.ts'
import { atLeast } from '../param-checks.ts'

/** y = min(max(alpha * x + beta, 0), 1) */
export const HardSigmoid = activation({
  type: 'HardSigmoid',
  binaryId: 65,
  stores16: true,
  params: { alpha: float(0, 0.2), beta: float(1, 0.5) },
  check: ({ alpha }) => atLeast(0, { alpha }),
  kernel: ({ alpha, beta }) => [Activation.hardSigmoid, alpha, beta],
  f(x, params) {
    const [lower, upper] = hardLimits(params)
    return x < lower ? 0 : x > upper ? 1 : params.alpha * x + params.beta
  },
})
