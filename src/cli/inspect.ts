// `expect-tensor inspect`: what is in an ncnn model, an ONNX model, or a tensor file.
import { columns } from '../explain/columns.ts'
import { tensorFileExtensions } from '../files/read-write.ts'
import { inspectNcnn, type LayerInspection, type NcnnInspection, type StorageCounts } from '../runners/ncnn/inspect.ts'
import { formatBytes, formatCount } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'
import { defineCommand, UsageError } from './command.ts'
import { describeOnnx, inspectOnnx } from './inspect-onnx.ts'
import { describeTensors, listTensors } from './inspect-tensors.ts'

export const inspect = defineCommand({
  summary: 'print what is in a model or a tensor file',
  positionals: '<model.param | model.onnx | tensors.npz>',
  description: `Prints what is in an ncnn model: how many parameters it has and how they are stored (much of a file that was converted with
fp16=1 is fp16!), and its layers. With the shapes of all inputs (ncnn's: outermost first, no batch axis) also the shapes of
the blobs, memory, and the floating-point operations of each layer, a multiplication and an addition being two.

Of an ONNX model its inputs, outputs and layers; of a tensor file (${tensorFileExtensions.join(', ')}) the tensors by name.`,
  options: {
    bin: { type: 'string', value: '<path>', help: 'the weights; by default the .bin beside the .param' },
    input: { type: 'string', value: '<name=3,224,224>', multiple: true, help: 'an input and its shape' },
  },

  async run({ values, positionals, out }) {
    const [param, ...more] = positionals
    if (param === undefined || more.length > 0) throw new UsageError(`expected the path of one ${readable} file`)
    const other = otherFiles.find(({ extensions }) => extensions.some((extension) => param.endsWith(extension)))
    if (other !== undefined) {
      if (values.bin !== undefined || values.input !== undefined) {
        throw new UsageError('--bin and --input are for .param files')
      }
      out(other.inspect(param, values.json === true))
      return 0
    }
    if (!/\.param(\.bin)?$/.test(param)) throw new UsageError(`${param}: expected a name that ends in ${readable}`)
    const inputs = Object.fromEntries((values.input ?? []).map(parseInput))
    const inspection = await inspectNcnn(param, { bin: values.bin, inputs })
    out(values.json ? JSON.stringify(inspection, null, 2) : describeInspection(inspection))
    return 0
  },
})

const readable = ['.param', '.onnx', ...tensorFileExtensions].join(', ')

/** What is no ncnn model. */
const otherFiles = [
  { extensions: ['.onnx'], inspect: inspector(inspectOnnx, describeOnnx) },
  { extensions: tensorFileExtensions, inspect: inspector(listTensors, describeTensors) },
]

function inspector<Found>(inspect: (path: string) => Found, describe: (found: Found) => string) {
  return (path: string, json: boolean): string => {
    const found = inspect(path)
    return json ? JSON.stringify(found, null, 2) : describe(found)
  }
}

/** `in0=3,224,224` */
function parseInput(text: string): [name: string, shape: number[]] {
  const separator = text.lastIndexOf('=')
  const shape = text
    .slice(separator + 1)
    .split(',')
    .map(Number)
  if (separator < 1 || shape.some((length) => !Number.isInteger(length) || length < 1)) {
    throw new UsageError(`--input ${text}: expected a name and a shape, such as in0=3,224,224`)
  }
  return [text.slice(0, separator), shape]
}

/** The report for people. */
function describeInspection(inspection: NcnnInspection): string {
  const { layers, layerCounts, parameters, storage, fileBytes, weightBytes, blobBytes, flops, inputs, outputs } =
    inspection
  const types = Object.entries(layerCounts).map(([type, count]) => `${count} ${type}`)
  const facts = [
    ['inputs', describeBlobs(inputs)],
    ['outputs', describeBlobs(outputs)],
    ['layers', `${layers.length}: ${types.join(', ')}`],
    ['parameters', `${formatCount(parameters)}${parameters > 0 ? ` (${describeStorage(storage)})` : ''}`],
    ['weights', `${formatBytes(fileBytes)} in the file, ${formatBytes(weightBytes)} in memory`],
    ...(blobBytes === undefined ? [] : [['blobs', `${formatBytes(blobBytes)} if none were freed`]]),
    ...(flops === undefined ? [] : [['FLOPs', formatCount(flops)]]),
  ]
  const hint =
    flops === undefined ? ['', 'Shapes and FLOPs: give the shape of every input as --input name=3,224,224'] : []
  return [
    ...columns(facts, ['left', 'left']),
    '',
    ...columns(
      [['type', 'name', 'output', 'parameters', 'stored as', 'FLOPs'], ...layers.map(layerRow)],
      ['left', 'left', 'left', 'right', 'left', 'right'],
    ),
    ...hint,
    ...inspection.notes.flatMap((note) => ['', `note: ${note}`]),
  ].join('\n')
}

function layerRow({ type, name, outputs, outputShapes, parameters, storage, flops }: LayerInspection): string[] {
  return [
    type,
    name,
    outputShapes ? outputShapes.map(formatShape).join(' ') : outputs.join(' '),
    parameters === 0 ? '' : formatCount(parameters),
    parameters === 0 ? '' : describeStorage(storage),
    flops === undefined ? '' : formatCount(flops),
  ]
}

const describeBlobs = (blobs: NcnnInspection['inputs']): string =>
  blobs.map(({ name, shape }) => (shape ? `${name} ${formatShape(shape)}` : name)).join(', ')

/** `fp16 98.2 %, fp32 1.8 %`, largest share first. */
function describeStorage(storage: StorageCounts): string {
  const used = Object.entries(storage).filter(([, count]) => count > 0)
  const total = used.reduce((all, [, count]) => all + count, 0)
  if (used.length === 1) return used[0][0]
  const share = (count: number): string => `${((100 * count) / total).toFixed(1)} %`
  return used
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${share(count)}`)
    .join(', ')
}
