// Embed: looks up rows of a table.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { raw, tagged, taggedOrInt8 } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import { descale } from '../precision/int8.ts'
import { refuseEmpty } from '../shapes/axes.ts'

/** y[i] = table[x[i]] + bias, for x of int32; indices outside the table are limited to its ends, and NaN gives NaN. */
export const Embed = defineLayer({
  type: 'Embed',
  binaryId: 12,
  inputs: '1',
  elements: { reads: 'int32', writes: 'float32' },
  stores16: false,
  params: {
    num_output: int(0),
    input_dim: int(1),
    bias_term: int(2),
    weight_data_size: int(3),
    int8_scale_term: int(18),
  },
  weights: ({ num_output, input_dim, bias_term, weight_data_size, int8_scale_term }) => {
    if (num_output * input_dim !== weight_data_size) {
      throw new NcnnError(
        `weight_data_size ${weight_data_size} is not input_dim ${input_dim} x num_output ${num_output}`,
      )
    }
    if (input_dim < 1 || num_output < 1) {
      throw new NcnnError(`input_dim ${input_dim} and num_output ${num_output} must be at least 1`)
    }
    return {
      weight_data: (int8_scale_term ? taggedOrInt8 : tagged)(weight_data_size),
      bias_data: bias_term ? raw(num_output) : undefined,
      weight_data_int8_scale: int8_scale_term ? raw(1) : undefined,
    }
  },
  forward([x], { params: { num_output, input_dim }, weights }, { alloc }) {
    const words = x.shape[x.shape.length - 1]
    if (x.length < words) refuseEmpty(x.shape)
    const y = alloc([words, num_output])
    const scale = weights.weight_data_int8_scale ? descale(weights.weight_data_int8_scale.data[0]) : 1
    const [indices, table, bias, target] = [x.data, weights.weight_data.data, weights.bias_data?.data, y.data]
    for (let word = 0; word < words; word++) {
      if (Number.isNaN(indices[word])) {
        target.fill(Number.NaN, word * num_output, (word + 1) * num_output)
        continue
      }
      const row = Math.min(Math.max(Math.trunc(indices[word]), 0), input_dim - 1)
      if (scale === 1 && bias === undefined) {
        target.set(table.subarray(row * num_output, (row + 1) * num_output), word * num_output)
        continue
      }
      for (let p = 0; p < num_output; p++) {
        target[word * num_output + p] = table[row * num_output + p] * scale + (bias ? bias[p] : 0)
      }
    }
    return y
  },
})
