// LayerNorm: rows, or several inner axes, brought to mean 0 and variance 1.
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { normalizedSize, standardize } from '../operations/normalization.ts'

/** y = (x - mean) / sqrt(variance + eps) * gamma + beta, over each row or over several inner axes */
export const LayerNorm = defineLayer({
  type: 'LayerNorm',
  binaryId: 76,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { affine_size: int(0), eps: float(1, 0.001), affine: int(2, 1) },
  weights: ({ affine_size, affine }) => ({
    gamma_data: affine ? raw(affine_size) : undefined,
    beta_data: affine ? raw(affine_size) : undefined,
  }),
  forward([x], { params: { affine_size, eps, affine }, weights: { gamma_data, beta_data } }, workspace) {
    checkFloat(x, workspace)
    const size = normalizedSize(x, affine_size, affine)
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      const [gamma, beta] = [gamma_data?.ptr ?? 0, beta_data?.ptr ?? 0]
      workspace.kernels.layerNorm({ input: x.ptr, output: y.ptr, rows: x.length / size, n: size, gamma, beta, eps })
      return y
    }
    for (let start = 0; start < x.length; start += size) {
      standardize(x, y, start, size, eps, { gamma: gamma_data, beta: beta_data }, (i) => i)
    }
    return y
  },
})
