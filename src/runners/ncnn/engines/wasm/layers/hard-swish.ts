// HardSwish: each element times its hard sigmoid.
import { Activation } from '../../../../../kernels/ncnn.ts'
import { float } from '../../../params.ts'
import { activation } from '../operations/activation-layer.ts'
import { hardLimits } from '../operations/hard-limits.ts'
import { atLeast } from '../param-checks.ts'

/** y = x * min(max(alpha * x + beta, 0), 1) */
export const HardSwish = activation({
  type: 'HardSwish',
  binaryId: 67,
  stores16: true,
  params: { alpha: float(0, 0.2), beta: float(1, 0.5) },
  check: ({ alpha }) => atLeast(0, { alpha }),
  kernel: ({ alpha, beta }) => [Activation.hardSwish, alpha, beta],
  f(x, params) {
    const [lower, upper] = hardLimits(params)
    return x < lower ? 0 : x > upper ? x : x * (params.alpha * x + params.beta)
  },
})
