// The table of all layer types that the built-in engine executes.
import type { AnyLayerType } from './layer.ts'
import * as types from './layers/index.ts'

/** Layer types by ncnn's name. */
export const layerTypes: ReadonlyMap<string, AnyLayerType> = new Map(
  Object.values(types).map((layer) => [layer.type, layer]),
)
