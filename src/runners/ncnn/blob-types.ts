// Which element types the blobs of a graph hold: ncnn's blobs know the size of their elements only, the layers' declarations the rest.
import { isFloatDType } from '../../tensor/dtype.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { Elements, ElementType } from './engines/wasm/layer.ts'
import { layerTypes } from './engines/wasm/layer-types.ts'
import type { GraphLayer } from './graph.ts'
import { readParams } from './params.ts'
import type { Topology } from './topology.ts'

/** Layer types that are not known are taken to compute float32 from float32. */
export function elementsOf(layer: GraphLayer): Elements {
  const type = layerTypes.get(layer.type)
  const rule = type?.elements ?? 'float32'
  if (rule === 'float32') return { reads: 'float32', writes: 'float32' }
  if (rule === 'moved') return { reads: undefined, writes: undefined }
  return typeof rule === 'function' ? rule(readParams(type?.params ?? {}, layer)) : rule
}

/** The element types of all blobs, given those that were fed. */
export function typesOfBlobs(
  { order }: Topology,
  fed: ReadonlyMap<string, ElementType>,
): ReadonlyMap<string, ElementType> {
  const types = new Map<string, ElementType>(fed)
  for (const layer of order) {
    const type = elementsOf(layer).writes ?? types.get(layer.inputs[0]) ?? 'float32'
    for (const blob of layer.outputs) if (!fed.has(blob)) types.set(blob, type)
  }
  return types
}

/** What the layer takes a blob's elements for that looks at them first; undefined when none does. */
export function typeReadFrom(blob: string, topology: Topology): ElementType | undefined {
  return readerOf(blob, topology)?.reads
}

/** The element type in which to feed a tensor: what the layer reads that looks at the elements first. */
export function typeToFeed(blob: string, { dtype }: Tensor, topology: Topology): ElementType {
  const reader = readerOf(blob, topology)
  if (dtype === 'int8' && reader?.takesInt8) return 'int8'
  return reader?.reads ?? (isFloatDType(dtype) ? 'float32' : dtype === 'int8' ? 'int8' : 'int32')
}

function readerOf(blob: string, { readers }: Topology): Elements | undefined {
  const pending = [blob]
  const seen = new Set(pending)
  for (const name of pending) {
    for (const layer of readers.get(name) ?? []) {
      const elements = elementsOf(layer)
      if (elements.reads !== undefined || elements.writes !== undefined) return elements
      for (const output of layer.outputs) if (!seen.has(output)) pending.push(output) && seen.add(output)
    }
  }
  return undefined
}
