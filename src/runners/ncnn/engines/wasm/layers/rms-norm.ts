// RMSNorm: rows, or several inner axes, brought to root mean square 1.
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { meanSquare, normalizedSize } from '../operations/normalization.ts'

/** y = x / sqrt(mean(x^2) + eps) * gamma, over each row or over several inner axes */
export const RMSNorm = defineLayer({
  type: 'RMSNorm',
  binaryId: 104,
  inputs: '1',
  elements: 'float32',
  stores16: true,
  params: { affine_size: int(0), eps: float(1, 0.001), affine: int(2, 1) },
  weights: ({ affine_size, affine }) => ({ gamma_data: affine ? raw(affine_size) : undefined }),
  forward([x], { params: { affine_size, eps, affine }, weights: { gamma_data } }, workspace) {
    checkFloat(x, workspace)
    const size = normalizedSize(x, affine_size, affine)
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      workspace.kernels.rmsNorm({
        input: x.ptr,
        output: y.ptr,
        rows: x.length / size,
        n: size,
        gamma: gamma_data?.ptr ?? 0,
        eps,
      })
      return y
    }
    const [source, target, gamma] = [x.data, y.data, gamma_data?.data]
    for (let start = 0; start < x.length; start += size) {
      const deviation = Math.sqrt(meanSquare(x, start, size, 0) + eps)
      for (let i = 0; i < size; i++) target[start + i] = (source[start + i] / deviation) * (gamma ? gamma[i] : 1)
    }
    return y
  },
})
