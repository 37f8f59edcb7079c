// The table of all layer types of ncnn, which are those that the built-in engine executes.
import type { AnyLayerType } from './layer.ts'
import * as types from './layers/index.ts'

const all: readonly AnyLayerType[] = Object.values(types)

/** Layer types by ncnn's name. */
export const layerTypes: ReadonlyMap<string, AnyLayerType> = new Map(all.map((type) => [type.type, type]))

/** Layer types by their number in a binary .param. */
export const layerTypesByBinaryId: ReadonlyMap<number, AnyLayerType> = new Map(all.map((type) => [type.binaryId, type]))
