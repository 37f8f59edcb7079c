// The weights of the example's networks under PyTorch's names, read from the files that were converted from them.
import { readFile } from 'node:fs/promises'
import { decodeElements } from '../../src/files/elements.ts'
import { declareLayers } from '../../src/runners/ncnn/engines/wasm/declare.ts'
import { parseParam } from '../../src/runners/ncnn/parse-param.ts'
import { bytesSource } from '../../src/runners/ncnn/weight-source.ts'
import { locateWeights, readWeight } from '../../src/runners/ncnn/weights.ts'
import { readOnnxGraph } from '../../src/runners/onnx/graph.ts'
import { readFields } from '../../src/runners/onnx/wire.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'

export const example = (path: string): URL => new URL(`../../examples/voiceprint/${path}`, import.meta.url)

type Weights = Record<string, Tensor>

const float32 = (data: Float32Array, shape: readonly number[]): Tensor => ({ data, shape, dtype: 'float32' })

/** The exporter leaves weights as they are, under their names. */
export async function ecapaWeights(): Promise<Weights> {
  const { initializers } = readOnnxGraph(await readFile(example('models/ecapa.onnx')), 'ecapa.onnx')
  return Object.fromEntries([...initializers].map(([name, field]) => [name, readInitializer(field)]))
}

/** A TensorProto: dims are field 1, its elements field 9. */
function readInitializer(field: Uint8Array): Tensor {
  const [{ content: message }] = readFields(field)
  const fields = [...readFields(message)]
  const shape = fields.flatMap(({ id, value }) => (id === 1 ? [value ?? 0] : []))
  const [elements] = fields.filter(({ id }) => id === 9)
  return float32(decodeElements(new Uint8Array(elements.content), 'float32', true) as Float32Array, shape)
}

const hidden = 256
/** ncnn has the gates of an LSTM in the order i, f, o, g; PyTorch in the order i, f, g, o. */
const gates = [0, 1, 3, 2]

/** pnnx adds the two biases of an LSTM up, so that the second one is 0 here. */
export async function voiceEncoderWeights(): Promise<Weights> {
  const [param, bin] = await Promise.all(
    ['param', 'bin'].map(async (kind) => {
      return new Uint8Array(await readFile(example(`models/voice-encoder-fp16.ncnn.${kind}`)))
    }),
  )
  const declared = declareLayers(parseParam({ param, paramName: 'param' }), {})
  const source = bytesSource(bin, 'bin')
  const located = locateWeights(declared, source).map((weights) =>
    weights.map((weight) => {
      const data = new Float32Array(weight.count)
      readWeight(source, weight, data)
      return data
    }),
  )
  const layersOf = (type: string): Float32Array[][] => located.filter((_, i) => declared[i].layer.type === type)
  const lstms = layersOf('LSTM').map(
    ([input, bias, recurrent], layer): Weights => ({
      [`lstm.weight_ih_l${layer}`]: reorder(input),
      [`lstm.weight_hh_l${layer}`]: reorder(recurrent),
      [`lstm.bias_ih_l${layer}`]: float32(reorder(bias).data as Float32Array, [4 * hidden]),
      [`lstm.bias_hh_l${layer}`]: float32(new Float32Array(4 * hidden), [4 * hidden]),
    }),
  )
  const [[weight, bias]] = layersOf('InnerProduct')
  return {
    ...Object.assign({}, ...lstms),
    'linear.weight': float32(weight, [hidden, hidden]),
    'linear.bias': float32(bias, [hidden]),
  }
}

function reorder(weight: Float32Array): Tensor {
  const block = weight.length / gates.length
  const data = new Float32Array(weight.length)
  for (const [to, from] of gates.entries()) data.set(weight.subarray(from * block, (from + 1) * block), to * block)
  return float32(data, [4 * hidden, block / hidden])
}
