// Attention: SDPA, RotaryEmbed and MultiHeadAttention, with key/value caches as inputs and outputs.
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { raw, tagged } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { attend, scaleInPlace } from '../operations/attention.ts'
import { type Int8Right, int8Operand, int8Right, multiplyInt8 } from '../operations/int8-matrix.ts'
import { multiply, multiplyPacked, type Operand, operand, type PackedRight, packRight } from '../operations/matrix.ts'
import { blockFormat, dequantizeBlocks, packedRowBytes } from '../precision/block-quantization.ts'
import { asFloat32 } from '../precision/half-weights.ts'
import { type SumPrecision, sumPrecisionOf } from '../precision/sums.ts'

/** The inputs behind the first ones: a mask if there is one, then the caches of keys and values. */
interface OptionalInputs {
  readonly mask: Blob | undefined
  readonly pastKey: Blob | undefined
  readonly pastValue: Blob | undefined
}

interface AttentionParams {
  readonly attn_mask: number
  readonly kv_cache: number
}

function optionalInputs(inputs: readonly Blob[], { attn_mask, kv_cache }: AttentionParams): OptionalInputs {
  const rest = [...inputs]
  const mask = attn_mask ? rest.shift() : undefined
  const [pastKey, pastValue] = kv_cache ? rest : []
  const present = (blob: Blob | undefined): Blob | undefined =>
    blob !== undefined && blob.length > 0 ? blob : undefined
  return { mask, pastKey: present(pastKey), pastValue: present(pastValue) }
}

/** Caches are empty, or left out altogether, before the first token: they are the last two inputs. */
const isCache = ({ kv_cache }: AttentionParams, index: number, count: number): boolean =>
  kv_cache !== 0 && index >= count - 2

/**
 * Scaled dot-product attention of each head: q [heads][queries][width], k [groups][keys][width], v [groups][keys][valueWidth] ->
 * y [heads][queries][valueWidth]. A group of keys serves several heads. With kv_cache, past keys and values go before the current
 * ones, and the joined ones are outputs too.
 */
export const SDPA = defineLayer({
  type: 'SDPA',
  inputs: '3..6',
  params: { attn_mask: int(5), scale: float(6), kv_cache: int(7), int8_scale_term: int(18) },
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

function headShape({ shape }: Blob, name: string): readonly [number, number, number] {
  if (shape.length !== 3) throw new NcnnError(`${name} must be [heads, steps, width], found [${shape.join(', ')}]`)
  return [shape[0], shape[1], shape[2]]
}

/** Joins [groups][past][width] and [groups][current][width] along the steps. */
function appendSteps(past: Blob | undefined, current: Blob, { alloc }: Workspace): Blob {
  if (past === undefined) return current.share()
  const [groups, steps, width] = headShape(current, 'the current keys or values')
  const [pastGroups, pastSteps, pastWidth] = headShape(past, 'a cache')
  if (pastGroups !== groups || pastWidth !== width) {
    throw new NcnnError(`a cache of [${past.shape.join(', ')}] does not fit [${current.shape.join(', ')}]`)
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

function checkMask(mask: Blob | undefined, heads: number, queries: number, keys: number): void {
  if (mask !== undefined && mask.length !== queries * keys && mask.length !== heads * queries * keys) {
    throw new NcnnError(
      `the mask must be [${queries}, ${keys}] or [${heads}, ${queries}, ${keys}], found [${mask.shape.join(', ')}]`,
    )
  }
}

/** The mask of one head: the only one, or its own. */
function maskOf(
  mask: Blob | undefined,
  head: number,
  queries: number,
  keys: number,
): { blob: Blob; offset: number } | undefined {
  if (mask === undefined) return undefined
  return { blob: mask, offset: mask.length === queries * keys ? 0 : head * queries * keys }
}

/** Rotates pairs of features: y1 = x1 cos - x2 sin, y2 = x1 sin + x2 cos; pairs are halves apart or, interleaved, neighbours. */
export const RotaryEmbed = defineLayer({
  type: 'RotaryEmbed',
  inputs: '3',
  params: { interleaved: int(0) },
  forward([x, cos, sin], { params: { interleaved } }, workspace) {
    const [heads, steps, width] = headShape(x, 'the input')
    const pairs = Math.floor(width / 2)
    const tableWidth = cos.shape[cos.shape.length - 1]
    if (cos.length !== sin.length || tableWidth < pairs || cos.length < steps * tableWidth) {
      throw new NcnnError(
        `the tables must be [${steps}, ${pairs}], found cos [${cos.shape.join(', ')}] and sin [${sin.shape.join(', ')}]`,
      )
    }
    const y = workspace.alloc(x.shape)
    if ([x, cos, sin].every(({ dtype }) => dtype === 'float32')) {
      workspace.kernels.rotate(x.ptr, cos.ptr, sin.ptr, y.ptr, heads, steps, width, tableWidth, interleaved)
      return y
    }
    const [source, cosines, sines, target] = [x.data, cos.data, sin.data, y.data]
    for (let row = 0; row < heads * steps; row++) {
      const table = (row % steps) * tableWidth
      for (let pair = 0; pair < pairs; pair++) {
        const first = row * width + (interleaved ? 2 * pair : pair)
        const second = first + (interleaved ? 1 : pairs)
        const [x1, x2, c, s] = [source[first], source[second], cosines[table + pair], sines[table + pair]]
        target[first] = x1 * c - x2 * s
        target[second] = x1 * s + x2 * c
      }
    }
    return y
  },
})

/** The four linear maps of MultiHeadAttention: their names, and which parameters give their sizes. */
const projections = ['q', 'k', 'v', 'out'] as const
type Projection = (typeof projections)[number]

interface ProjectionSize {
  readonly outputs: number
  readonly inputs: number
}

const multiHeadParams = {
  embed_dim: int(0),
  num_heads: int(1, 1),
  weight_data_size: int(2),
  kdim: int(3, 'embed_dim'),
  vdim: int(4, 'embed_dim'),
  attn_mask: int(5),
  // ncnn's default, 1 / sqrt(embed_dim / num_heads), cannot be written as a constant: 0 stands for it.
  scale: float(6, 0),
  kv_cache: int(7),
  quantize_term: int(18),
} as const

function projectionSizes(params: {
  readonly embed_dim: number
  readonly num_heads: number
  readonly weight_data_size: number
  readonly kdim: number
  readonly vdim: number
}): Readonly<Record<Projection, ProjectionSize>> {
  const { embed_dim, num_heads, weight_data_size, kdim, vdim } = params
  const qdim = weight_data_size / embed_dim
  if (!Number.isInteger(qdim) || num_heads < 1 || embed_dim % num_heads !== 0) {
    throw new NcnnError(
      `embed_dim ${embed_dim} must divide weight_data_size ${weight_data_size} and be a multiple of num_heads ${num_heads}`,
    )
  }
  return {
    q: { outputs: embed_dim, inputs: qdim },
    k: { outputs: embed_dim, inputs: kdim },
    v: { outputs: embed_dim, inputs: vdim },
    out: { outputs: qdim, inputs: embed_dim },
  }
}

/** A linear map as it was loaded: W [outputs][inputs], bias, and what its storage needs. */
interface LinearMap extends ProjectionSize {
  /** Undefined once packed. */
  readonly weight: Blob | undefined
  readonly packed: PackedRight | undefined
  /** In place of both where the products are int8. */
  readonly int8: Int8Right | undefined
  readonly bias: Blob
  /** Of block-quantised weights: features are multiplied by these first. */
  readonly inputScales: Blob | undefined
  readonly sums: SumPrecision
}

/**
 * Multi-head attention with its linear maps: q [queries][qdim], k [keys][kdim], v [keys][vdim] -> y [queries][qdim]. Keys and values
 * that are not given are the query's. Caches, [embed_dim][steps], are the mapped keys and values: they go before the current ones
 * in self-attention and stand for them in cross-attention.
 */
export const MultiHeadAttention = defineLayer({
  type: 'MultiHeadAttention',
  inputs: '1+',
  params: multiHeadParams,
  weights(params) {
    const sizes = projectionSizes(params)
    const format = blockFormat(params.quantize_term)
    const int8 = params.quantize_term !== 0 && format === undefined
    const weightOf = ({ outputs, inputs }: ProjectionSize) =>
      tagged(outputs * (format ? packedRowBytes(format, inputs) : inputs))
    const blockScalesOf = ({ outputs, inputs }: ProjectionSize) =>
      format ? raw(outputs * Math.ceil(inputs / format.blockSize)) : undefined
    const inputScalesOf = ({ inputs }: ProjectionSize) => (format?.hasInputScale ? raw(inputs) : undefined)
    return {
      q_weight_data: weightOf(sizes.q),
      q_bias_data: raw(sizes.q.outputs),
      k_weight_data: weightOf(sizes.k),
      k_bias_data: raw(sizes.k.outputs),
      v_weight_data: weightOf(sizes.v),
      v_bias_data: raw(sizes.v.outputs),
      out_weight_data: weightOf(sizes.out),
      out_bias_data: raw(sizes.out.outputs),
      q_weight_data_quantize_scales: blockScalesOf(sizes.q),
      k_weight_data_quantize_scales: blockScalesOf(sizes.k),
      v_weight_data_quantize_scales: blockScalesOf(sizes.v),
      out_weight_data_quantize_scales: blockScalesOf(sizes.out),
      q_weight_data_input_scales: inputScalesOf(sizes.q),
      k_weight_data_input_scales: inputScalesOf(sizes.k),
      v_weight_data_input_scales: inputScalesOf(sizes.v),
      out_weight_data_input_scales: inputScalesOf(sizes.out),
      q_weight_data_int8_scales: int8 ? raw(sizes.q.outputs) : undefined,
      k_weight_data_int8_scales: int8 ? raw(sizes.k.outputs) : undefined,
      v_weight_data_int8_scales: int8 ? raw(sizes.v.outputs) : undefined,
      out_weight_data_int8_scale: int8 ? raw(1) : undefined,
    }
  },
  packsHalf: ['q_weight_data', 'k_weight_data', 'v_weight_data', 'out_weight_data'],
  /** Block-quantised weights become floats; floats are packed for the product. */
  prepare(layer, workspace) {
    const { params, weights } = layer
    const { alloc } = workspace
    const sums = sumPrecisionOf(layer, workspace)
    const sizes = projectionSizes(params)
    const format = blockFormat(params.quantize_term)
    const load = (name: Projection, int8Scales: Blob | undefined): LinearMap => {
      const { outputs, inputs } = sizes[name]
      const stored = weights[`${name}_weight_data`]
      const scales = weights[`${name}_weight_data_quantize_scales`]
      const map = {
        outputs,
        inputs,
        bias: weights[`${name}_bias_data`],
        int8: undefined,
        inputScales: weights[`${name}_weight_data_input_scales`],
        sums,
      }
      if (int8Scales !== undefined) {
        const floats = asFloat32(stored, workspace)
        const right = operand(floats, outputs, inputs, false)
        const int8 = int8Right(right, outputs, inputs, workspace, alloc, int8Scales)
        floats.release()
        return { ...map, int8, weight: undefined, packed: undefined }
      }
      const weight = format && scales ? alloc([outputs * inputs], 'float32') : stored
      if (format && scales) {
        dequantizeBlocks(asFloat32(stored, workspace).data, scales.data, outputs, inputs, format, weight.data)
        stored.release()
      }
      if (sums !== 'float32') return { ...map, weight, packed: undefined }
      const packed = packRight(operand(weight, outputs, inputs, false), outputs, inputs, workspace)
      weight.release()
      return { ...map, weight: undefined, packed }
    }
    return {
      q: load('q', weights.q_weight_data_int8_scales),
      k: load('k', weights.k_weight_data_int8_scales),
      v: load('v', weights.v_weight_data_int8_scales),
      out: load('out', weights.out_weight_data_int8_scale),
    }
  },
  mayBeAbsent: (params, index, layer) => isCache(params, index, layer.inputs.length),
  forward(inputs, { params, prepared: maps, outputCount }, workspace) {
    const { embed_dim, num_heads, attn_mask, kv_cache } = params
    const sources = inputs.slice(0, inputs.length - (attn_mask ? 1 : 0) - (kv_cache ? 2 : 0))
    const [q, k = q, v = k] = sources
    if (q === undefined) throw new NcnnError('the query is missing')
    const { mask, pastKey, pastValue } = optionalInputs(inputs.slice(sources.length), params)
    const selfAttention = sources.length === 1

    const queries = stepsOf(q, maps.q, 'query')
    const width = embed_dim / num_heads
    const scale = params.scale === 0 ? 1 / Math.sqrt(Math.floor(width)) : params.scale
    const mapped = workspace.scratch([queries, embed_dim])
    applyLinear(maps.q, q, queries, mapped, workspace)
    scaleInPlace(mapped, scale, workspace)
    const key = cachedMap(pastKey, maps.k, k, selfAttention, workspace)
    const value = cachedMap(pastValue, maps.v, v, selfAttention, workspace)
    const keys = key.shape[1]
    if (value.shape[1] !== keys) throw new NcnnError(`there are ${keys} keys, but ${value.shape[1]} values`)
    checkMask(mask, num_heads, queries, keys)

    const merged = workspace.scratch([queries, embed_dim])
    for (let head = 0; head < num_heads; head++) {
      const rows = head * width * keys
      attend(
        {
          q: { blob: mapped, offset: head * width, outerStride: embed_dim, depthStride: 1 },
          k: operand(key, keys, width, true, rows),
          v: operand(value, width, keys, false, rows),
          queries,
          keys,
          width,
          valueWidth: width,
          scale: 1,
          mask: maskOf(mask, head, queries, keys),
          int8: maps.q.int8 !== undefined,
          sums: maps.q.sums,
        },
        merged,
        { offset: head * width, rowStride: embed_dim },
        workspace,
      )
    }
    const y = workspace.alloc([queries, maps.out.outputs])
    applyLinear(maps.out, merged, queries, y, workspace, 'outer')
    if (outputCount === 3) return [y, key, value]
    key.release()
    value.release()
    return y
  },
})

function stepsOf({ shape, length }: Blob, { inputs }: LinearMap, name: string): number {
  if (shape[shape.length - 1] !== inputs)
    throw new NcnnError(`the ${name} must be [steps, ${inputs}], found [${shape.join(', ')}]`)
  return length / inputs
}

/** Keys or values after their map, [embed_dim][steps]: past and current ones in self-attention, else the past ones or the current. */
function cachedMap(
  past: Blob | undefined,
  map: LinearMap,
  x: Blob,
  selfAttention: boolean,
  workspace: Workspace,
): Blob {
  if (past !== undefined && past.shape[0] !== map.outputs) {
    throw new NcnnError(`a cache must be [${map.outputs}, steps], found [${past.shape.join(', ')}]`)
  }
  if (past !== undefined && !selfAttention) return past.share()
  const steps = stepsOf(x, map, 'key or value')
  const pastSteps = past?.shape[1] ?? 0
  const current = workspace.scratch([steps, map.outputs])
  applyLinear(map, x, steps, current, workspace)
  const joined = workspace.alloc([map.outputs, pastSteps + steps])
  if (past === undefined && workspace.float === 'float32') {
    workspace.kernels.transpose(current.ptr, joined.ptr, 1, steps, map.outputs)
    return joined
  }
  const [source, before, target] = [current.data, past?.data, joined.data]
  for (let row = 0; row < map.outputs; row++) {
    const start = row * (pastSteps + steps)
    if (before) target.set(before.subarray(row * pastSteps, (row + 1) * pastSteps), start)
    for (let step = 0; step < steps; step++) target[start + pastSteps + step] = source[step * map.outputs + row]
  }
  return joined
}

/**
 * y [steps][outputs] = x W^T + b.
 * @param granularity how int8 maps quantise x: with one scale, or with one for each step
 */
function applyLinear(
  { weight, packed, int8, bias, inputs, outputs, inputScales, sums }: LinearMap,
  x: Blob,
  steps: number,
  y: Blob,
  workspace: Workspace,
  granularity: 'outer' | 'whole' = 'whole',
): void {
  const sizes = { rows: steps, columns: outputs, depth: inputs }
  if (packed !== undefined) {
    const left = inputScales ? scaledFeatures(x, inputScales, workspace) : operand(x, steps, inputs, false)
    multiplyPacked(left, packed, y, steps, workspace, { perColumn: bias })
    return
  }
  if (int8 !== undefined) {
    const left = int8Operand(operand(x, steps, inputs, false), steps, inputs, granularity, workspace)
    multiplyInt8(left, int8, y, sizes, workspace, { addend: { blob: bias, rowStride: 0, columnStride: 1, beta: 1 } })
    return
  }
  if (weight === undefined) throw new Error('a linear map has neither weights nor packed weights')
  const right = operand(weight, outputs, inputs, false)
  const left = inputScales ? scaledFeatures(x, inputScales, workspace) : operand(x, steps, inputs, false)
  const [offsets, target] = [bias.data, y.data]
  for (let step = 0; step < steps; step++) target.set(offsets, step * outputs)
  multiply(left, right, y, sizes, workspace, { accumulate: true, sums })
}

function scaledFeatures(x: Blob, scales: Blob, workspace: Workspace): Operand {
  const scaled = workspace.scratch(x.shape)
  const [source, factors, target] = [x.data, scales.data, scaled.data]
  for (let i = 0; i < target.length; i++) target[i] = source[i] * factors[i % factors.length]
  return operand(scaled, x.length / scales.length, scales.length, false)
}
