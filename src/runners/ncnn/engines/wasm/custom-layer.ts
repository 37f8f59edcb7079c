// Wraps a user's function as a layer type: blobs become tensors on the way in, tensors blobs on the way out.
import { describeValue } from '../../../../arguments/describe.ts'
import { countOf } from '../../../../tensor/numbers.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import { toTensor } from '../../../../tensor/to-tensor.ts'
import { NcnnError } from '../../error.ts'
import type { GraphLayer, StoredParam } from '../../graph.ts'
import type { CustomForward, CustomLayer, ParamValue } from '../../options.ts'
import { raw, taggedOrInt8, type WeightSpecs } from '../../weights.ts'
import { floatOfBits } from '../../words.ts'
import type { RunnableType } from './layer.ts'
import type { Blob } from './memory/blob.ts'
import { blobToTensor, tensorToBlob } from './memory/exchange.ts'

/** @param type the layer type under which the user registered `custom` */
export function customLayerType(type: string, custom: CustomForward | CustomLayer): RunnableType {
  const { forward, weights } = typeof custom === 'function' ? { forward: custom, weights: undefined } : (custom ?? {})
  if (typeof forward !== 'function') {
    throw new NcnnError(
      `customLayers["${type}"] must be a function (inputs, params, weights) => Tensor[], or an object with a function \`forward\``,
      { code: 'wrong-option' },
    )
  }
  return {
    type,
    inputs: '0+',
    stores16: false,
    params: {},
    weights: (_, layer) => declaredWeights(weights?.(paramRecord(layer)) ?? []),
    forward(inputs, layer, workspace) {
      const tensors: unknown = forward(
        inputs.map(blobToTensor),
        paramRecord(layer.graph),
        Object.values(layer.weights).flatMap((weight) => (weight === undefined ? [] : [blobToTensor(weight)])),
      )
      if (!Array.isArray(tensors) || tensors.length !== layer.outputCount) {
        const got = Array.isArray(tensors) ? `${tensors.length} of them` : describeValue(tensors)
        throw new NcnnError(
          `the custom layer must return an array of ${countOf(layer.outputCount, 'tensor')}, and at once, got ${got}`,
          { code: 'wrong-option' },
        )
      }
      return tensors.map((output): Blob => tensorToBlob(toTensor(output) as Tensor, workspace))
    },
  }
}

function paramRecord(layer: GraphLayer): Readonly<Record<number, ParamValue>> {
  return Object.fromEntries([...layer.params].map(([id, value]) => [id, paramValue(value)]))
}

function paramValue(param: StoredParam): ParamValue {
  if (typeof param === 'string') return param
  const { words, type, isArray } = param
  if (type === undefined) return { words }
  const numbers = type === 'float' ? words.map(floatOfBits) : words
  return isArray ? numbers : numbers[0]
}

function declaredWeights(specs: readonly { readonly count: number; readonly tagged: boolean }[]): WeightSpecs {
  return Object.fromEntries(
    specs.map(({ count, tagged: isTagged }, index) => [`weight ${index}`, isTagged ? taggedOrInt8(count) : raw(count)]),
  )
}
