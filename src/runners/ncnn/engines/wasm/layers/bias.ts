// Bias: an offset for each channel.
import { BinaryOp } from '../../../../../kernels/ncnn.ts'
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { trueChannels } from '../shapes/channels.ts'

/** y = x + bias, for each channel; a blob of 1 or 2 axes is a single channel */
export const Bias = defineLayer({
  type: 'Bias',
  binaryId: 3,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { bias_data_size: int(0) },
  weights: ({ bias_data_size }) => ({ bias_data: raw(bias_data_size) }),
  forward([x], { weights: { bias_data } }, workspace) {
    checkFloat(x, workspace)
    const { count, size } = trueChannels(x)
    if (bias_data.length < count) {
      throw new NcnnError(`bias_data_size is ${bias_data.length}, but the input has ${count} channels`)
    }
    const y = workspace.reuse(x)
    if (workspace.float === 'float32') {
      workspace.kernels.binary({
        op: BinaryOp.add,
        a: x.ptr,
        a0: 0,
        a1: 0,
        a2: size,
        a3: 1,
        b: bias_data.ptr,
        b0: 0,
        b1: 0,
        b2: 1,
        b3: 0,
        output: y.ptr,
        n0: 1,
        n1: 1,
        n2: count,
        n3: size,
      })
      return y
    }
    const [source, offsets, target] = [x.data, bias_data.data, y.data]
    for (let q = 0; q < count; q++) {
      const offset = offsets[q]
      for (let i = q * size; i < (q + 1) * size; i++) target[i] = source[i] + offset
    }
    return y
  },
})
