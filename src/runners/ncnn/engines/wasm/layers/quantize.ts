// Quantize: floats become int8.
import { int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { forEachChannel, perChannel } from '../operations/channel-values.ts'
import { elementAddress } from '../operations/operand.ts'
import { toInt8 } from '../precision/int8.ts'
import { roundToFloat16 } from '../precision/sums.ts'

/** y = int8(x * scale), halves rounded away from zero. */
export const Quantize = defineLayer({
  type: 'Quantize',
  binaryId: 57,
  inputs: '1',
  elements: { reads: 'float32', writes: 'int8' },
  stores16: true,
  params: { scale_data_size: int(0, 1) },
  weights: ({ scale_data_size }) => ({ scale_data: raw(scale_data_size) }),
  forward([x], { weights, sumsInHalf }, { alloc, kernels }) {
    const y = alloc(x.shape, 'int8')
    const scaleOf = perChannel(weights.scale_data.data, 1, x, 'scale_data')
    const [source, target] = [x.data, y.data]
    forEachChannel(x, (channel, start, end) => {
      const scale = scaleOf(channel)
      if (x.dtype === 'float32') {
        kernels.quantizeToBytes({
          source: elementAddress(x, start),
          scale: sumsInHalf ? roundToFloat16(scale) : scale,
          destination: y.ptr + start,
          n: end - start,
          inHalf: Number(sumsInHalf),
        })
        return
      }
      for (let i = start; i < end; i++) target[i] = toInt8(Math.fround(source[i] * scale))
    })
    return y
  },
})
