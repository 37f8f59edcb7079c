// What an ncnn layer holds: its parameters and weights, how long its sums are, and what else it might be.
import { sizeOf } from '../../tensor/shape.ts'
import type { LayerDetails, LayerWeight } from '../variant.ts'
import { alternativesOf, limitsOf, scalarsOf } from './alternatives.ts'
import { type DeclaredLayer, declareLayers } from './engines/wasm/declare.ts'
import { NcnnError } from './error.ts'
import type { EngineOptions, NcnnFiles } from './options.ts'
import { parseParam } from './parse-param.ts'
import { locateWeights, readWeight, type WeightLocation } from './weights.ts'

/** Opens the model's files for as long as `use` takes. */
export type OpenFiles = <Result>(use: (files: NcnnFiles) => Promise<Result>) => Promise<Result>

/** Looks into layers by name. What the files declare is read once; the weights each time. */
export function layerInspector(
  open: OpenFiles,
  { customLayers, release }: Pick<EngineOptions, 'customLayers' | 'release'>,
): (name: string) => Promise<LayerDetails> {
  let known: Promise<LocatedLayers> | undefined
  const locate = (files: NcnnFiles): LocatedLayers => {
    const graph = parseParam(files)
    const declared = declareLayers(graph, customLayers)
    const located = locateWeights(declared, files.bin, { release, isPartial: graph.isPartial })
    const layers = new Map(declared.map((one, i) => [one.layer.name, { ...one, located: located[i] }]))
    return { source: files.paramName, layers }
  }
  return async (name) => {
    known ??= open(async (files) => locate(files))
    const { source, layers } = await known
    const layer = layers.get(name)
    if (layer === undefined) throw new NcnnError(`${source} has no layer "${name}"`, { code: 'wrong-option' })
    return detailsOf(layer, open)
  }
}

interface Located extends DeclaredLayer {
  readonly located: readonly WeightLocation[]
}

interface LocatedLayers {
  /** What the .param is called. */
  readonly source: string
  readonly layers: ReadonlyMap<string, Located>
}

async function detailsOf({ layer, type, params, located }: Located, open: OpenFiles): Promise<LayerDetails> {
  const counts = Object.fromEntries(located.map(({ name, count }) => [name, count]))
  const isInt8 = Number(params.int8_scale_term ?? params.quantize_term ?? 0) > 0
  return {
    params,
    weights: located.map((weight) => describeWeight(weight, Number(params.num_output ?? params.constantN ?? 1), open)),
    computesInInt8: isInt8,
    allowsWinograd: layer.type === 'Convolution' && !isInt8 && isPlain3x3(params),
    alternatives: alternativesOf(layer, params),
    scalars: scalarsOf(layer, params),
    limits: limitsOf(layer),
    ...(await scalesOf(layer.type, located, open)),
    sumLength(inputs, outputs) {
      if (exact.has(layer.type)) return 0
      const written = sizeOf(outputs[0])
      const operations = type.flops?.({ params, weights: counts, inputs, outputs })
      const terms = operations === undefined ? (reducing.has(layer.type) ? sizeOf(inputs[0]) : written) : operations / 2
      return Math.max(1, terms / written)
    },
  }
}

/** Layer types that give elements of their inputs, rounded no further. */
const exact = new Set(
  (
    'AbsVal Clip Concat CopyTo Crop DeepCopy Dropout Embed ExpandDims Flatten Flip Input MemoryData Noop Packing Padding Permute ' +
    'PixelShuffle Reorg ReLU Reshape ShuffleChannel Slice Split Squeeze Threshold Tile'
  ).split(' '),
)
/** Layer types that sum what they read into less. */
const reducing = new Set(['Pooling', 'Pooling1D', 'Pooling3D', 'Reduction', 'StatisticsPooling', 'SPP'])

const plain3x3 = { kernel_w: 3, kernel_h: 3, stride_w: 1, stride_h: 1, dilation_w: 1, dilation_h: 1 }
const isPlain3x3 = (params: Located['params']): boolean =>
  Object.entries(plain3x3).every(([name, value]) => Number(params[name]) === value)

function describeWeight(weight: WeightLocation, outputs: number, open: OpenFiles): LayerWeight {
  const { name, count, storage, tagged } = weight
  const shape = count % outputs === 0 ? [outputs, count / outputs] : [count]
  return {
    name,
    shape,
    storage,
    isCompressible: tagged,
    read: () =>
      open(async ({ bin }) => {
        const data = storage === 'int8' ? new Int8Array(count) : new Float32Array(count)
        readWeight(bin, weight, data)
        return { data, shape, dtype: storage === 'int8' ? 'int8' : 'float32' }
      }),
  }
}

/** The weight that says how many steps of int8 are 1 in what a layer gives, by its type. */
const outputScaleNames: Readonly<Record<string, string>> = {
  Convolution: 'top_blob_int8_scales',
  ConvolutionDepthWise: 'top_blob_int8_scales',
  Quantize: 'scale_data',
  Requantize: 'scale_out_data',
}

async function scalesOf(
  type: string,
  located: readonly WeightLocation[],
  open: OpenFiles,
): Promise<Pick<LayerDetails, 'outputScales'>> {
  const scales = located.find(({ name }) => name === outputScaleNames[type])
  if (scales === undefined) return {}
  const values = new Float32Array(scales.count)
  await open(async ({ bin }) => readWeight(bin, scales, values))
  return { outputScales: [...values] }
}
