// Dequantize: int32 sums become floats.
import { int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { forEachChannel, perChannel } from '../operations/channel-values.ts'

/** y = x * scale + bias, for x of int32. */
export const Dequantize = defineLayer({
  type: 'Dequantize',
  binaryId: 58,
  inputs: '1',
  elements: { reads: 'int32', writes: 'float32' },
  stores16: true,
  params: { scale_data_size: int(0, 1), bias_data_size: int(1) },
  weights: ({ scale_data_size, bias_data_size }) => ({
    scale_data: raw(scale_data_size),
    bias_data: bias_data_size ? raw(bias_data_size) : undefined,
  }),
  forward([x], { weights }, { alloc }) {
    const y = alloc(x.shape)
    const scaleOf = perChannel(weights.scale_data.data, 1, x, 'scale_data')
    const biasOf = perChannel(weights.bias_data?.data, 0, x, 'bias_data')
    const [source, target] = [x.data, y.data]
    forEachChannel(x, (channel, start, end) => {
      const [scale, bias] = [scaleOf(channel), biasOf(channel)]
      for (let i = start; i < end; i++) target[i] = source[i] * scale + bias
    })
    return y
  },
})
