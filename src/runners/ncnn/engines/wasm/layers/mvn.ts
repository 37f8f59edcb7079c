// MVN: mean-variance normalization, without learnt factors.
import { float, int } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { trueChannels } from '../shapes/channels.ts'

/** y = x - mean, with normalize_variance (x - mean) / (sqrt(variance) + eps), over each channel or the whole blob; at least 3 axes */
export const MVN = defineLayer({
  type: 'MVN',
  binaryId: 20,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { normalize_variance: int(0), across_channels: int(1), eps: float(2, 0.0001) },
  forward([x], { params: { normalize_variance, across_channels, eps } }, workspace) {
    checkFloat(x, workspace)
    const { count, size } = across_channels ? { count: 1, size: x.length } : trueChannels(x)
    const leading = Array.from({ length: Math.max(3 - x.shape.length, 0) }, () => 1)
    const y = workspace.alloc([...leading, ...x.shape])
    if (workspace.float === 'float32') {
      workspace.kernels.standardize({
        input: x.ptr,
        output: y.ptr,
        rows: count,
        n: size,
        divides: normalize_variance ? 1 : 0,
        eps,
      })
      return y
    }
    const [source, target] = [x.data, y.data]
    for (let start = 0; start < count * size; start += size) {
      let sum = 0
      for (let i = start; i < start + size; i++) sum += source[i]
      const mean = sum / size
      let squares = 0
      for (let i = start; i < start + size; i++) squares += (source[i] - mean) * (source[i] - mean)
      const divisor = normalize_variance ? Math.sqrt(squares / size) + eps : 1
      for (let i = start; i < start + size; i++) target[i] = (source[i] - mean) / divisor
    }
    return y
  },
})
