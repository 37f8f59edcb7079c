// SDPA: scaled dot-product attention of several heads, with key/value caches as inputs and outputs.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { attend } from '../operations/attention.ts'
import { checkMask, headShape, isCache, maskOf, optionalInputs } from '../operations/attention-inputs.ts'
import { operand } from '../operations/operand.ts'
import { sumPrecisionOf } from '../precision/sums.ts'

/**
 * Scaled dot-product attention of each head: q [heads][queries][width], k [groups][keys][width], v [groups][keys][valueWidth] ->
 * y [heads][queries][valueWidth]. A group of keys serves several heads. With kv_cache, past keys and values go before the current
 * ones, and the joined ones are outputs too.
 */
export const SDPA = defineLayer({
  type: 'SDPA',
  binaryId: 108,
  inputs: '3..6',
  elements: 'float32',
  stores16: ({ int8_scale_term }) => int8_scale_term === 0 || 'float16',
  leavesFloat32: (_, { storage16 }) => storage16 === 'bfloat16',
  params: { attn_mask: int(5), scale: float(6), kv_cache: int(7), int8_scale_term: int(18) },
  /** Queries times keys, and the sums of values. */
  flops({ params, inputs }) {
    const [[heads, queries, width], [, current], [, , valueWidth]] = inputs
    const past = params.kv_cache ? (inputs[inputs.length - 2][1] ?? 0) : 0
    return 2 * heads * queries * (current + past) * (width + valueWidth)
  },
  mayBeAbsent: (params, index, layer) => isCache(params, index, layer.inputs.length),
  forward([q, k, v, ...rest], layer, workspace) {
    const { params, outputCount } = layer
    const { mask, pastKey, pastValue } = optionalInputs(rest, params)
    const key = appendSteps(pastKey, k, workspace)
    const value = appendSteps(pastValue, v, workspace)
    const [heads, queries, width] = headShape(q, 'the query')
    const [groups, keys, keyWidth] = headShape(key, 'the key')
    const [valueGroups, valueKeys, valueWidth] = headShape(value, 'the value')
    if (keyWidth !== width || valueKeys !== keys || valueGroups !== groups || heads % groups !== 0) {
      throw new NcnnError(`query [${q.shape}], key [${key.shape}] and value [${value.shape}] do not go together`)
    }
    checkMask(mask, heads, queries, keys)
    const y = workspace.alloc([heads, queries, valueWidth])
    for (let head = 0; head < heads; head++) {
      const group = Math.floor(head / (heads / groups))
      attend(
        {
          q: operand(q, queries, width, false, head * queries * width),
          k: operand(key, keys, width, false, group * keys * width),
          v: operand(value, valueWidth, keys, true, group * keys * valueWidth),
          queries,
          keys,
          width,
          valueWidth,
          scale: params.scale === 0 ? 1 / Math.sqrt(width) : params.scale,
          mask: maskOf(mask, head, queries, keys),
          int8: params.int8_scale_term !== 0,
          sums: sumPrecisionOf(layer, workspace),
          storesHalf: layer.storage16 === 'float16' && workspace.float === 'float32',
        },
        y,
        { offset: head * queries * valueWidth },
        workspace,
      )
    }
    if (outputCount === 3) return [y, key, value]
    key.release()
    value.release()
    return y
  },
})

/** Joins [groups][past][width] and [groups][current][width] along the steps. */
function appendSteps(past: Blob | undefined, current: Blob, { alloc }: Workspace): Blob {
  if (past === undefined) return current.share()
  const [groups, steps, width] = headShape(current, 'the current keys or values')
  const [pastGroups, pastSteps, pastWidth] = headShape(past, 'a cache')
  if (pastGroups !== groups || pastWidth !== width) {
    throw new NcnnError(`a cache of ${formatShape(past.shape)} does not fit ${formatShape(current.shape)}`)
  }
  const joined = alloc([groups, pastSteps + steps, width], current.dtype)
  const [before, after, target] = [past.data, current.data, joined.data]
  for (let group = 0; group < groups; group++) {
    const start = group * (pastSteps + steps) * width
    target.set(before.subarray(group * pastSteps * width, (group + 1) * pastSteps * width), start)
    target.set(after.subarray(group * steps * width, (group + 1) * steps * width), start + pastSteps * width)
  }
  return joined
}
