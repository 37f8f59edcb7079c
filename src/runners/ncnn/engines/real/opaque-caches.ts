// Key/value caches of SDPA: on x86 ncnn packs them in blocks, though their shapes do not say so. Outside ncnn their elements mean nothing.
// Source: Tencent/ncnn 20261020, src/layer/x86/sdpa_x86.cpp.
import { quoteNames } from '../../../../tensor/quote-names.ts'
import { sizeOf } from '../../../../tensor/shape.ts'
import type { Tensor } from '../../../../tensor/tensor.ts'
import { NcnnError } from '../../error.ts'
import type { GraphLayer } from '../../graph.ts'
import { int, readParams } from '../../params.ts'
import type { Topology } from '../../topology.ts'

const cacheParams = { kv_cache: int(7), int8_scale_term: int(18) } as const

/** Names of the caches that SDPA layers read and write. */
export interface OpaqueCaches {
  readonly read: ReadonlySet<string>
  readonly written: ReadonlySet<string>
}

export function opaqueCaches({ layers }: Topology): OpaqueCaches {
  const caching = layers.filter(keepsPackedCaches)
  return {
    read: new Set(caching.flatMap(({ inputs }) => inputs.slice(-2))),
    written: new Set(caching.flatMap(({ outputs }) => outputs.slice(1))),
  }
}

/** In int8 they are rows, as their shape says. */
function keepsPackedCaches(layer: GraphLayer): boolean {
  if (layer.type !== 'SDPA') return false
  const { kv_cache, int8_scale_term } = readParams(cacheParams, layer)
  return kv_cache !== 0 && int8_scale_term === 0
}

/**
 * @throws {NcnnError} when a run would hand out such a cache, which would be a permutation with memory in it that nobody wrote, or take rows
 *   for one
 */
export function refuseCaches(
  { read, written }: OpaqueCaches,
  fed: ReadonlyMap<string, Tensor>,
  requested: readonly string[],
): void {
  const asked = requested.filter((name) => written.has(name))
  const given = [...fed].flatMap(([name, { shape }]) => (read.has(name) && sizeOf(shape) > 0 ? [name] : []))
  if (asked.length === 0 && given.length === 0) return
  const what = asked.length > 0 ? `gives ${quoteNames(asked)}` : `takes ${quoteNames(given)}`
  throw new NcnnError(
    `ncnn ${what}, a key/value cache of SDPA, in a packed form that means nothing outside of it. ` +
      'Ask for other blobs (`outputs`) and feed empty caches, or take the built-in engine',
    { code: 'unsupported' },
  )
}
