// MultiHeadAttention: attention with its linear maps, and key/value caches as inputs and outputs.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { blocks, raw, tagged, taggedOrInt8 } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { attend, scaleInPlace } from '../operations/attention.ts'
import { checkMask, isCache, maskOf, optionalInputs } from '../operations/attention-inputs.ts'
import { type BlockRight, multiplyBlocks } from '../operations/block-matrix.ts'
import { type PackedHalves, packHalves } from '../operations/half-matrix.ts'
import { type Int8Right, int8Operand, int8Right, multiplyInt8 } from '../operations/int8-matrix.ts'
import { multiply, multiplyHalves, multiplyPacked, type PackedRight, packRight } from '../operations/matrix.ts'
import { type Operand, operand } from '../operations/operand.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { blockFormat, dequantizeBlocks, packedRowBytes } from '../precision/block-quantization.ts'
import { asFloat32 } from '../precision/half-weights.ts'
import { roundResult, roundTo } from '../precision/reduced-precision.ts'
import { type SumPrecision, sumPrecisionOf } from '../precision/sums.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

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

const sizeOfMap = ({ outputs, inputs }: ProjectionSize): number => outputs * inputs

/** A linear map as it was loaded: W [outputs][inputs], bias, and what its storage needs. */
interface LinearMap extends ProjectionSize {
  /** Undefined once packed. */
  readonly weight: Blob | undefined
  readonly packed: PackedRight | undefined
  /** In place of both where sums are taken in half precision. */
  readonly halves: PackedHalves | undefined
  /** In place of both where the products are int8. */
  readonly int8: Int8Right | undefined
  /** In place of them where the products are of blocks of 8 bits. */
  readonly blocks: BlockRight | undefined
  readonly bias: Blob
  /** Of block-quantised weights: features are multiplied by these first. */
  readonly inputScales: Blob | undefined
  readonly sums: SumPrecision
}

/**
 * Multi-head attention with its linear maps: q [queries][qdim], k [keys][kdim], v [keys][vdim] -> y [queries][qdim]. Keys and values
 * that are not given are the query's. Caches, [heads][steps][embed_dim / heads], are the mapped keys and values: they go before the
 * current ones in self-attention and stand for them in cross-attention.
 */
export const MultiHeadAttention = defineLayer({
  type: 'MultiHeadAttention',
  binaryId: 79,
  inputs: '1+',
  elements: 'float32',
  stores16: ({ quantize_term }) => quantize_term === 0 || (quantize_term < 400 && 'float16'),
  params: multiHeadParams,
  weights(params) {
    const sizes = projectionSizes(params)
    const format = blockFormat(params.quantize_term)
    const int8 = params.quantize_term !== 0 && format === undefined
    const stored = int8 ? taggedOrInt8 : tagged
    const weightOf = ({ outputs, inputs }: ProjectionSize) =>
      format ? blocks(outputs * packedRowBytes(format, inputs)) : stored(outputs * inputs)
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
  /** The linear maps of queries, keys, values and result; then queries times keys, and the sums of values. */
  flops({ params, inputs: [query, key = query, value = key] }) {
    const { q, k, v, out } = projectionSizes(params)
    const [queries, keys, values] = [query[0], key[0], value[0]]
    const mapped = queries * (sizeOfMap(q) + sizeOfMap(out)) + keys * sizeOfMap(k) + values * sizeOfMap(v)
    return 2 * mapped + 4 * queries * keys * params.embed_dim
  },
  packsHalf: ['q_weight_data', 'k_weight_data', 'v_weight_data', 'out_weight_data'],
  // In bfloat16 are queries, keys and values alone: what maps the result, and the result itself, remain float32.
  keepsFloatWeights: (_, { storage16 }) => storage16 === 'bfloat16',
  leavesFloat32: (_, { storage16 }) => storage16 === 'bfloat16',
  /** Block-quantised weights become floats; floats are packed for the product. */
  prepare(layer, workspace) {
    const { params, weights } = layer
    const { alloc } = workspace
    const sums = sumPrecisionOf(layer, workspace)
    const sizes = projectionSizes(params)
    const format = blockFormat(params.quantize_term)
    if (layer.storage16 === 'bfloat16') {
      const { q_weight_data, k_weight_data, v_weight_data } = weights
      for (const weight of [q_weight_data, k_weight_data, v_weight_data]) roundTo('bfloat16', weight, workspace.kernels)
    }
    const load = (name: Projection, int8Scales: Blob | undefined): LinearMap => {
      const { outputs, inputs } = sizes[name]
      const stored = weights[`${name}_weight_data`]
      const scales = weights[`${name}_weight_data_quantize_scales`]
      const map = {
        outputs,
        inputs,
        bias: weights[`${name}_bias_data`],
        int8: undefined,
        blocks: undefined,
        halves: undefined,
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
      if (format?.bits === 8 && scales) {
        const blocks = { values: stored, scales, inputScales: map.inputScales, columns: outputs, depth: inputs, format }
        return { ...map, blocks, weight: undefined, packed: undefined }
      }
      const weight = format && scales ? alloc([outputs * inputs], 'float32') : stored
      if (format && scales) {
        dequantizeBlocks(asFloat32(stored, workspace).data, scales.data, outputs, inputs, format, weight.data)
        stored.release()
      }
      if (sums === 'float64') return { ...map, weight, packed: undefined }
      const right = operand(weight, outputs, inputs, false)
      if (sums === 'float16') {
        const halves = packHalves(right, outputs, inputs, workspace, alloc)
        weight.release()
        return { ...map, halves, weight: undefined, packed: undefined }
      }
      const packed = packRight(right, outputs, inputs, workspace)
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
  forward(inputs, { params, prepared: maps, outputCount, storage16 }, workspace) {
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
    const stored = workspace.float === 'float32' ? storage16 : undefined
    const storesHalf = stored === 'float16'
    const store = (blob: Blob): void => {
      if (stored !== undefined) roundResult(stored, blob, workspace.kernels)
    }
    applyLinear(maps.q, q, queries, mapped, workspace)
    scaleInPlace(mapped, scale, workspace)
    store(mapped)
    const key = cachedMap(pastKey, maps.k, k, num_heads, selfAttention, workspace)
    const value = cachedMap(pastValue, maps.v, v, num_heads, selfAttention, workspace)
    store(key)
    store(value)
    const keys = key.shape[1]
    if (value.shape[1] !== keys) throw new NcnnError(`there are ${keys} keys, but ${value.shape[1]} values`)
    checkMask(mask, num_heads, queries, keys)

    const merged = workspace.scratch([queries, embed_dim])
    for (let head = 0; head < num_heads; head++) {
      const rows = head * width * keys
      attend(
        {
          q: { blob: mapped, offset: head * width, outerStride: embed_dim, depthStride: 1 },
          k: operand(key, keys, width, false, rows),
          v: operand(value, width, keys, true, rows),
          queries,
          keys,
          width,
          valueWidth: width,
          scale: 1,
          mask: maskOf(mask, head, queries, keys),
          int8: maps.q.int8 !== undefined,
          sums: maps.q.sums,
          storesHalf,
        },
        merged,
        { offset: head * width, rowStride: embed_dim },
        workspace,
      )
    }
    if (storesHalf) store(merged)
    const y = workspace.alloc([queries, maps.out.outputs])
    applyLinear(maps.out, merged, queries, y, workspace, 'outer')
    if (outputCount === 3) return [y, key, value]
    key.release()
    value.release()
    return y
  },
})

function stepsOf({ shape }: Blob, { inputs }: LinearMap, name: string): number {
  const { h: steps, w } = namedLengths(asRank(shape, 2))
  if (w !== inputs) throw new NcnnError(`the ${name} must be [steps, ${inputs}], found ${formatShape(shape)}`)
  return steps
}

/** Keys or values after their map, [heads][steps][width]: past and current ones in self-attention, else the past ones or the current. */
function cachedMap(
  past: Blob | undefined,
  map: LinearMap,
  x: Blob,
  heads: number,
  selfAttention: boolean,
  workspace: Workspace,
): Blob {
  const width = map.outputs / heads
  if (past !== undefined && (past.shape.length !== 3 || past.shape[0] !== heads || past.shape[2] !== width)) {
    throw new NcnnError(`a cache must be [${heads}, steps, ${width}], found ${formatShape(past.shape)}`)
  }
  if (past !== undefined && !selfAttention) return past.share()
  const steps = stepsOf(x, map, 'key or value')
  const pastSteps = past?.shape[1] ?? 0
  const current = workspace.scratch([steps, map.outputs])
  applyLinear(map, x, steps, current, workspace)
  const joined = workspace.alloc([heads, pastSteps + steps, width])
  const rowStride = (pastSteps + steps) * width
  if (past !== undefined) {
    const target = { data: joined.data, offset: 0, strides: [rowStride, width, 1] }
    copyStrided(past.shape, viewOf(past), target, workspace.kernels)
  }
  const source = { data: current.data, offset: 0, strides: [width, map.outputs, 1] }
  const target = { data: joined.data, offset: pastSteps * width, strides: [rowStride, width, 1] }
  copyStrided([heads, steps, width], source, target, workspace.kernels)
  return joined
}

/**
 * y [steps][outputs] = x W^T + b.
 * @param granularity how int8 maps quantise x: with one scale, or with one for each step
 */
function applyLinear(
  { weight, packed, halves, int8, blocks, bias, inputs, outputs, inputScales, sums }: LinearMap,
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
  if (blocks !== undefined) {
    const [offsets, target] = [bias.data, y.data]
    for (let step = 0; step < steps; step++) target.set(offsets, step * outputs)
    multiplyBlocks(operand(x, steps, inputs, false), blocks, y, steps, workspace)
    return
  }
  const left = inputScales ? scaledFeatures(x, inputScales, workspace) : operand(x, steps, inputs, false)
  const [offsets, target] = [bias.data, y.data]
  for (let step = 0; step < steps; step++) target.set(offsets, step * outputs)
  // ncnn's rows are the outputs of all maps but the last.
  const destination = { accumulate: true, sums, transposed: granularity === 'whole' }
  if (halves !== undefined) multiplyHalves(left, halves, y, sizes, workspace, destination)
  else if (weight !== undefined)
    multiply(left, operand(weight, outputs, inputs, false), y, sizes, workspace, destination)
  else throw new Error('a linear map has neither weights nor packed weights')
}

function scaledFeatures(x: Blob, scales: Blob, workspace: Workspace): Operand {
  const scaled = workspace.scratch(x.shape)
  const [source, factors, target] = [x.data, scales.data, scaled.data]
  for (let i = 0; i < target.length; i++) target[i] = source[i] * factors[i % factors.length]
  return operand(scaled, x.length / scales.length, scales.length, false)
}
