// The files of a model with other settings: feature masks in the .param, weights of the .bin rounded. What a variant takes from them
// is what any engine would read from files so written.

import { checkOptionNames, type OptionsOf } from '../../arguments/options.ts'
import { decodeText } from '../../host/utf8.ts'
import {
  bfloat16ToFloat32Array,
  float16ToFloat32Array,
  float32ToBfloat16Array,
  float32ToFloat16Array,
} from '../../tensor/half.ts'
import { quoteNames } from '../../tensor/quote-names.ts'
import { callerOf } from '../check-arguments.ts'
import type { VariantSettings } from '../model.ts'
import { declareLayers } from './engines/wasm/declare.ts'
import { NcnnError } from './error.ts'
import { type CustomLayers, type NcnnFiles, ncnnSwitches } from './options.ts'
import { isBinaryParam } from './param-binary.ts'
import { parseParam } from './parse-param.ts'
import type { WeightSource } from './weight-source.ts'
import { locateWeights, type WeightLocation } from './weights.ts'

/** What a variant changes in the files. */
export type FileChanges = Pick<VariantSettings, 'masks' | 'weights'>

const variantSettings = {
  precision: 'any',
  ncnn: ncnnSwitches,
  masks: 'any',
  weights: 'any',
  layers: 'any',
  only: 'any',
} as const satisfies OptionsOf<VariantSettings>

/** @throws {NcnnError} for settings that there are not */
export function checkSettings(settings: VariantSettings): void {
  const caller = callerOf('variant', NcnnError)
  // a call without them means a mistake, not the same model again
  checkOptionNames(settings ?? null, variantSettings, caller)
  const { weights } = settings
  if (weights !== undefined && weights !== 'float16' && weights !== 'bfloat16') {
    throw new NcnnError(`variant: weights must be 'float16' or 'bfloat16', got ${JSON.stringify(weights)}`, {
      code: 'wrong-option',
    })
  }
}

/** The files with their changes. */
export function changeFiles(
  files: NcnnFiles,
  { masks, weights }: FileChanges,
  { customLayers, release }: { readonly customLayers: CustomLayers; readonly release: string },
): NcnnFiles {
  const masked = masks === undefined ? files : { ...files, param: maskLayers(files, masks) }
  if (weights === undefined) return masked
  const graph = parseParam(files)
  const format = { release, isPartial: graph.isPartial }
  const locations = locateWeights(declareLayers(graph, customLayers), files.bin, format).flat()
  return { ...masked, bin: roundedWeights(files.bin, locations, weights) }
}

/** The text of a .param with the feature masks (parameter 31) of some layers set. */
function maskLayers({ param, paramName }: NcnnFiles, masks: Readonly<Record<string, number>>): string {
  if (typeof param !== 'string' && isBinaryParam(param)) {
    throw new NcnnError(`variant: ${paramName} is binary and has no names of layers, so there are no masks by name`, {
      code: 'unsupported',
    })
  }
  const pending = new Set(Object.keys(masks))
  const lines = (typeof param === 'string' ? param : decodeText(param)).split(/\r\n|\r|\n/)
  const changed = lines.map((line) => {
    const [, name, inputs] = line.trim().split(/\s+/)
    if (inputs === undefined || !Object.hasOwn(masks, name)) return line
    pending.delete(name)
    return `${line.replace(/\s31=\S+/, '')} 31=${masks[name]}`
  })
  if (pending.size === 0) return changed.join('\n')
  throw new NcnnError(`variant: ${paramName} has no layer ${quoteNames([...pending])} to mask`, {
    code: 'wrong-option',
  })
}

/** The same .bin, the float32 weights of which are what `storage` can hold: those that have a storage tag, as when pnnx writes fp16. */
function roundedWeights(
  bin: WeightSource,
  locations: readonly WeightLocation[],
  storage: 'float16' | 'bfloat16',
): WeightSource {
  const rounded = locations.filter((weight) => weight.tagged && weight.storage === 'fp32')
  const read = (offset: number, target: Uint8Array): void => {
    bin.read(offset, target)
    for (const weight of rounded) {
      const begin = Math.max(weight.offset - offset, 0)
      const end = Math.min(weight.offset + 4 * weight.count - offset, target.length)
      if (begin >= end) continue
      const values = new Float32Array(target.slice(begin, end).buffer)
      roundAll(values, storage)
      target.set(new Uint8Array(values.buffer), begin)
    }
  }
  const readAll = (): Uint8Array => {
    const bytes = new Uint8Array(bin.size)
    read(0, bytes)
    return bytes
  }
  return { name: bin.name, size: bin.size, read, readAll }
}

function roundAll(values: Float32Array, storage: 'float16' | 'bfloat16'): void {
  const bits = new Uint16Array(values.length)
  if (storage === 'float16') {
    float32ToFloat16Array(values, bits)
    float16ToFloat32Array(bits, values)
  } else {
    float32ToBfloat16Array(values, bits)
    bfloat16ToFloat32Array(bits, values)
  }
}
