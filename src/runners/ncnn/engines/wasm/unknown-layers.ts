// Explains layer types that the engine does not know: what they are, and what to do about them.
import type { GraphLayer } from '../../graph.ts'

/** What to write in PyTorch in place of an operator that pnnx leaves unconverted. */
const substitutes: Readonly<Record<string, string>> = {
  'Tensor.expand_as': 'x.repeat(...) with explicit counts (it becomes Tile), or rely on broadcasting',
  'Tensor.expand': 'x.repeat(...) with explicit counts (it becomes Tile), or rely on broadcasting',
  'Tensor.masked_fill': 'an addition of a mask that holds 0 and a large negative number',
  'torch.masked_select': 'a multiplication by a 0/1 mask',
  'Tensor.slice': 'slices with a step of 1; x[..., ::2, ::2] is F.max_pool2d(x, 1, 2)',
  'torch.repeat_interleave': 'unsqueeze, repeat and reshape',
  'Tensor.index': 'slicing with constant bounds, or torch.index_select outside the model',
  'Tensor.new_zeros': 'a registered buffer, or an extra input',
  'torch.zeros': 'a registered buffer, or an extra input',
  'torch.ones': 'a registered buffer, or an extra input',
  'torch.arange': 'a registered buffer, or an extra input',
  'torch.where': 'arithmetic with a 0/1 mask: m * a + (1 - m) * b',
  'torch.gt': 'torch.clamp or arithmetic outside the model; ncnn has no comparisons',
  'torch.topk': 'a post-processing step outside the model',
  'Tensor.type_as': 'a cast before the model is traced; ncnn computes in one float type',
  'Tensor.to': 'a cast before the model is traced; ncnn computes in one float type',
  'F.scaled_dot_product_attention': 'a newer pnnx, which turns it into SDPA',
}

/** What onnx2ncnn writes of operators that it does not convert, shape arithmetic for the most part. */
const onnxOperators = new Set(
  'Shape Gather Resize Cast Constant ConstantOfShape Expand Where Equal NonZero NonMaxSuppression Range ScatterND GatherND TopK ArgMax Loop If'.split(
    ' ',
  ),
)

/** More types are counted only. */
const mostListed = 20

/**
 * One message for all unknown layers of a graph. A dot or `::` in a layer type marks an operator that pnnx could not lower
 * to ncnn and left under its PyTorch name.
 */
export function explainUnknownLayers(source: string, layers: readonly GraphLayer[]): string {
  const byType = new Map<string, GraphLayer[]>()
  for (const layer of layers) {
    const members = byType.get(layer.type)
    if (members === undefined) byType.set(layer.type, [layer])
    else members.push(layer)
  }
  const others = byType.size - mostListed
  const rows = [...byType].slice(0, mostListed).map(([type, members]) => {
    const where = members.slice(0, 3).map((layer) => `"${layer.name}" (${layer.position})`)
    const more = members.length > where.length ? ` and ${members.length - where.length} more` : ''
    return `  ${type}: ${where.join(', ')}${more}${advise(type)}`
  })
  const count = layers.length === 1 ? '1 layer is' : `${layers.length} layers are`
  return [
    `${source}: ${count} of unknown type:`,
    ...rows,
    ...(others > 0 ? [`  and ${others} more ${others === 1 ? 'type' : 'types'}`] : []),
    'Operators that ncnn does not have can be supplied as `customLayers: { "type": (inputs, params, weights) => Tensor[] }`.',
  ].join('\n')
}

function advise(type: string): string {
  if (onnxOperators.has(type)) {
    return '\n    onnx2ncnn left this operator of ONNX as it was. Convert with pnnx, or simplify the model with onnxsim first.'
  }
  if (!/\.|::/.test(type)) return ''
  const substitute = substitutes[type]
  return `\n    pnnx did not convert this operator; the conversion stopped there.${substitute === undefined ? '' : ` Write instead: ${substitute}.`}`
}
