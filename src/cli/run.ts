// `expect-tensor run model.param --input in0=x.npy --output out.npz`: what a model computes.

import { jsonNumber } from '../compare/json.ts'
import { columns } from '../explain/columns.ts'
import { writeTensorsSync } from '../files/read-write.ts'
import { toFloat64 } from '../tensor/decode.ts'
import { formatNumber } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { defineCommand } from './command.ts'
import { fedOptions, withFedModel } from './fed-model.ts'

export const run = defineCommand({
  summary: 'run a model and write what it computes',
  positionals: '<model>',
  description: `Runs a model of any kind: .param (ncnn), .onnx, .tflite, model.json (TensorFlow.js), .pt or _pnnx.py, or a recording (.safetensors). Inputs that are
not given are drawn at random, from -1 to 1, the same for the same --seed. Prints what comes out, and writes it to --output.`,
  options: {
    ...fedOptions,
    output: { type: 'string', value: '<out.npz>', help: 'write the outputs to this .npz or .safetensors' },
  },

  run: (invocation) =>
    withFedModel(invocation, async ({ model, inputs, drawn, outputs }) => {
      const { values, out, err } = invocation
      const tensors = await model.run(inputs, outputs && { outputs })
      if (values.output !== undefined) writeTensorsSync(values.output, tensors)
      const described = Object.entries(tensors).map(([name, tensor]) => ({ name, ...describeTensor(tensor) }))
      if (drawn.length > 0) err(`Random inputs: ${drawn.join(', ')}`)
      if (values.json) {
        out(JSON.stringify({ runtime: model.runtime, drawn, outputs: described }, null, 2))
      } else {
        const rows = described.map(({ name, dtype, shape, least, greatest, mean }) => [
          name,
          `${dtype} ${formatShape(shape)}`,
          ...[least, greatest, mean].map((value) => formatNumber(Number(value))),
        ])
        out(
          columns(
            [['output', '', 'least', 'greatest', 'mean'], ...rows],
            ['left', 'left', 'right', 'right', 'right'],
          ).join('\n'),
        )
      }
      if (values.output !== undefined) err(`Wrote ${values.output}`)
      return 0
    }),
})

/** NaN where an element is. */
function describeTensor(tensor: Tensor) {
  const values = toFloat64(tensor)
  const [least, greatest, sum] = values.reduce(
    ([low, high, total], value) => [Math.min(low, value), Math.max(high, value), total + value],
    [Infinity, -Infinity, 0],
  )
  return {
    dtype: tensor.dtype,
    shape: tensor.shape,
    least: jsonNumber(least),
    greatest: jsonNumber(greatest),
    mean: jsonNumber(sum / values.length),
  }
}
