// How many floating-point operations a layer takes: a multiplication and an addition count as two.

/** What the counts depend on. */
export interface CountedLayer {
  /** By documented name. */
  readonly params: Readonly<Record<string, number | string | readonly number[]>>
  /** Elements of each weight, by documented name. */
  readonly weights: Readonly<Record<string, number>>
  readonly inputs: readonly (readonly number[])[]
  readonly outputs: readonly (readonly number[])[]
}

type Count = (layer: CountedLayer) => number

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)
const lastOf = (shape: readonly number[]): number => shape[shape.length - 1]
const outputSize: Count = ({ outputs: [y] }) => sizeOf(y)
const number = ({ params }: CountedLayer, name: string): number => Number(params[name])

/** Each output element is a sum over the weights of its filter. Dynamic weights are the second input, [outputs, ...]. */
const convolution: Count = (layer) => {
  const { weights, inputs } = layer
  const perOutput = weights.weight_data ? weights.weight_data / number(layer, 'num_output') : sizeOf(inputs[1].slice(1))
  return 2 * perOutput * outputSize(layer)
}

/** Each input element goes to the outputs of its group, at every tap. Dynamic weights are the second input, [inputs, ...]. */
const deconvolution =
  (dimensions: number): Count =>
  ({ weights, inputs: [x, weight] }) => {
    const channels = x.length > dimensions ? x[0] : 1
    const perInput = weights.weight_data ? weights.weight_data / channels : sizeOf(weight.slice(1))
    return 2 * perInput * sizeOf(x)
  }

/** At every time step each weight but the biases is used once. */
const recurrence: Count = ({ weights, inputs: [x] }) => {
  const { weight_xc_data = 0, weight_hc_data = 0, weight_hr_data = 0 } = weights
  const steps = x.length === 1 ? 1 : x[0]
  return 2 * steps * (weight_xc_data + weight_hc_data + weight_hr_data)
}

const gemm: Count = (layer) => {
  const [first] = layer.inputs
  const depth = number(layer, 'constantK') || (number(layer, 'transA') ? first[0] : lastOf(first))
  return 2 * depth * outputSize(layer)
}

/** The linear maps of queries, keys, values and result; then queries times keys, and the sums of values. */
const multiHeadAttention: Count = (layer) => {
  const [q, k = q, v = k] = layer.inputs
  const { q_weight_data, k_weight_data, v_weight_data, out_weight_data } = layer.weights
  const [queries, keys, values] = [q[0], k[0], v[0]]
  const maps = q_weight_data * queries + k_weight_data * keys + v_weight_data * values + out_weight_data * queries
  return 2 * maps + 4 * queries * keys * number(layer, 'embed_dim')
}

const scaledDotProduct: Count = ({ params, inputs }) => {
  const [[heads, queries, width], [, current], [, , valueWidth]] = inputs
  const past = params.kv_cache ? (inputs[inputs.length - 2][1] ?? 0) : 0
  return 2 * heads * queries * (current + past) * (width + valueWidth)
}

/** Every combination of the letters is one product for each operand. */
const einsum: Count = ({ params, inputs }) => {
  const equation = String.fromCharCode(...(params.equation as readonly number[]))
  const operands = equation.split('->')[0].split(',')
  const lengths = new Map(
    operands.flatMap((letters, i) => [...letters].map((letter, axis) => [letter, inputs[i][axis]])),
  )
  return Math.max(operands.length, 1) * [...lengths.values()].reduce((product, length) => product * length, 1)
}

const counts: Readonly<Record<string, Count>> = {
  Convolution: convolution,
  Convolution1D: convolution,
  Convolution3D: convolution,
  ConvolutionDepthWise: convolution,
  ConvolutionDepthWise1D: convolution,
  ConvolutionDepthWise3D: convolution,
  DeformableConv2D: convolution,
  Deconvolution: deconvolution(2),
  Deconvolution1D: deconvolution(1),
  Deconvolution3D: deconvolution(3),
  DeconvolutionDepthWise: deconvolution(2),
  DeconvolutionDepthWise1D: deconvolution(1),
  DeconvolutionDepthWise3D: deconvolution(3),
  InnerProduct: (layer) => 2 * layer.weights.weight_data * (outputSize(layer) / number(layer, 'num_output')),
  Gemm: gemm,
  MatMul: (layer) => 2 * lastOf(layer.inputs[0]) * outputSize(layer),
  Einsum: einsum,
  LSTM: recurrence,
  GRU: recurrence,
  RNN: recurrence,
  MultiHeadAttention: multiHeadAttention,
  SDPA: scaledDotProduct,
}

/**
 * The operations of a layer that is made of products and sums: convolutions, matrix products, recurrent layers and attention;
 * undefined for all others, which take a few operations for each element at most.
 */
export function countOperations(type: string, layer: CountedLayer): number | undefined {
  return counts[type]?.(layer)
}
