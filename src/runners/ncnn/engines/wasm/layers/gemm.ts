// Gemm: y = alpha (A B + beta C), with constant or fed operands, in float, int8, or with block-quantised weights.
import { formatShape, sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { float, int, type ParamValues } from '../../../params.ts'
import { blocks, raw, tagged, taggedOrInt8 } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { type BlockRight, multiplyBlocks } from '../operations/block-matrix.ts'
import { type PackedHalves, packHalves } from '../operations/half-matrix.ts'
import {
  type Addend as Int8Addend,
  type Int8Right,
  int8Operand,
  int8Right,
  multiplyInt8,
} from '../operations/int8-matrix.ts'
import { multiply, multiplyHalves, multiplyPacked, packRight, type Start } from '../operations/matrix.ts'
import { type Operand, operand, type ProductSizes } from '../operations/operand.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { blockFormat, dequantizeBlocks, packedRowBytes } from '../precision/block-quantization.ts'
import { asFloat32 } from '../precision/half-weights.ts'
import { roundToFloat16, sumPrecisionOf } from '../precision/sums.ts'

const gemmParams = {
  alpha: float(0, 1),
  beta: float(1, 1),
  transA: int(2),
  transB: int(3),
  constantA: int(4),
  constantB: int(5),
  constantC: int(6),
  constantM: int(7),
  constantN: int(8),
  constantK: int(9),
  constant_broadcast_type_C: int(10),
  output_N1M: int(11),
  output_elempack: int(12),
  output_elemtype: int(13),
  output_transpose: int(14),
  quantize_term: int(18),
  constant_TILE_M: int(20),
  constant_TILE_N: int(21),
  constant_TILE_K: int(22),
} as const

type GemmParams = ParamValues<typeof gemmParams>

/** y = alpha (A B + beta C); A is [M][K] or, with transA, [K][M]; B is [K][N] or, with transB, [N][K]; C is broadcast to [M][N]. */
export const Gemm = defineLayer({
  type: 'Gemm',
  binaryId: 74,
  inputs: '0+',
  elements: 'float32',
  stores16: ({ quantize_term }) => quantize_term < 400 || quantize_term >= 800,
  params: gemmParams,
  weights(params) {
    checkParams(params)
    const {
      constantA,
      constantB,
      constantC,
      constantM,
      constantN,
      constantK,
      constant_broadcast_type_C,
      quantize_term,
    } = params
    const format = blockFormat(quantize_term)
    const int8 = isInt8(quantize_term)
    return {
      A_data: constantA ? (int8 ? taggedOrInt8 : tagged)(constantM * constantK) : undefined,
      B_data: constantB ? weightOfB(constantN, constantK, quantize_term) : undefined,
      C_data:
        constantC && constant_broadcast_type_C !== -1
          ? tagged(lengthsOfC(constantM, constantN)[constant_broadcast_type_C])
          : undefined,
      B_data_quantize_scales: format ? raw(constantN * Math.ceil(constantK / format.blockSize)) : undefined,
      B_data_input_scales: format?.hasInputScale ? raw(constantK) : undefined,
      A_data_int8_scales: constantA && int8 ? raw(constantM) : undefined,
      B_data_int8_scale: constantB && int8 ? raw(1) : undefined,
    }
  },
  flops({ params: { constantK, transA }, inputs: [first], outputs: [y] }) {
    const depth = constantK || (transA ? first[0] : first[first.length - 1])
    return 2 * depth * sizeOf(y)
  },
  packsHalf: ['B_data'],
  /** `output_elemtype` 1 asks for it, and is heeded by sums in float32. */
  leavesFloat32: ({ output_elemtype, quantize_term }, { sumsInHalf }) =>
    output_elemtype === 1 && quantize_term === 0 && !sumsInHalf,
  /** Gives constant operands their matrix shape; block-quantised weights become floats, floats and int8 are packed for the product. */
  prepare(layer, workspace) {
    const { params, weights } = layer
    const sums = sumPrecisionOf(layer, workspace)
    const { constantM, constantN, constantK, transA, transB, quantize_term, output_transpose } = params
    const format = blockFormat(quantize_term)
    const A = weights.A_data?.share(transA ? [constantK, constantM] : [constantM, constantK])
    if (format && weights.B_data && weights.B_data_quantize_scales) {
      if (format.bits === 8) {
        const blocksB: BlockRight = {
          values: weights.B_data,
          scales: weights.B_data_quantize_scales,
          inputScales: weights.B_data_input_scales,
          columns: constantN,
          depth: constantK,
          format,
        }
        return { A, B: undefined, packedB: undefined, halvesB: undefined, int8B: undefined, blocksB, sums }
      }
      const B = workspace.alloc([constantN, constantK], 'float32')
      dequantizeBlocks(weights.B_data.data, weights.B_data_quantize_scales.data, constantN, constantK, format, B.data)
      weights.B_data.release()
      return { A, B, packedB: undefined, halvesB: undefined, int8B: undefined, blocksB: undefined, sums }
    }
    const stored = weights.B_data
    const isFloat = stored !== undefined && !quantize_term
    const packs = isFloat && !output_transpose && sums === 'float32'
    const packsHalves = isFloat && sums === 'float16'
    const loaded = packs ? stored : stored && asFloat32(stored, workspace)
    const B = loaded?.share(transB ? [constantN, constantK] : [constantK, constantN])
    const int8 = isInt8(quantize_term)
    if (B === undefined || (!packs && !packsHalves && !int8)) {
      return { A, B, packedB: undefined, halvesB: undefined, int8B: undefined, blocksB: undefined, sums }
    }
    const right = operand(B, constantN, constantK, !transB)
    const scale = weights.B_data_int8_scale
    const int8B = int8 ? int8Right(right, constantN, constantK, workspace, workspace.alloc, scale) : undefined
    const packedB = packs ? packRight(right, constantN, constantK, workspace) : undefined
    const halvesB = packsHalves ? packHalves(right, constantN, constantK, workspace, workspace.alloc) : undefined
    B.release()
    loaded?.release()
    return { A, B: undefined, packedB, halvesB, int8B, blocksB: undefined, sums }
  },
  forward(inputs, { params, weights, prepared }, workspace) {
    const fed = [...inputs]
    const take = (what: string): Blob => {
      const blob = fed.shift()
      if (blob === undefined) throw new NcnnError(`operand ${what} is neither constant nor an input`)
      return blob
    }
    const A = prepared.A ?? take('A')
    const { packedB, halvesB, int8B, blocksB } = prepared
    const isPacked = [packedB, halvesB, int8B, blocksB].some((right) => right !== undefined)
    const B = isPacked ? undefined : (prepared.B ?? take('B'))
    const C = params.constantC ? weights.C_data : fed.shift()
    const a = matrixOf(A, params.transA, 'A')
    const b = B ? matrixOf(B, params.transB ? 0 : 1, 'B') : { outer: params.constantN, depth: params.constantK }
    if (a.depth !== b.depth) throw new NcnnError(`A has inner length ${a.depth}, B has ${b.depth}`)
    const [M, N, K] = [a.outer, b.outer, a.depth]

    const { output_transpose, output_N1M } = params
    const [rows, columns] = output_transpose ? [N, M] : [M, N]
    const y = workspace.alloc(output_N1M ? [rows, 1, columns] : [rows, columns])
    const broadcast = C && (params.constantC ? params.constant_broadcast_type_C : broadcastType(C, M, N))
    if (C && params.constantC) checkConstantC(C, params.constant_broadcast_type_C, M, N)
    const addend = C && { C, broadcast: broadcast ?? 0, beta: params.beta }

    if (blocksB) {
      const product = output_transpose ? workspace.scratch([M, N]) : y
      if (addend === undefined) product.data.fill(0)
      else fillWithC(product, addend, M, N, false)
      multiplyBlocks(operand(A, M, K, params.transA !== 0), blocksB, product, M, workspace)
      scaleAll(product, params.alpha)
      if (output_transpose) transposeInto(y, product, M, N, workspace)
      return y
    }
    const left = operand(
      weights.B_data_input_scales ? scaleColumns(A, weights.B_data_input_scales, workspace) : A,
      M,
      K,
      params.transA !== 0,
    )
    const right = B && operand(B, N, K, params.transB === 0)
    if (isInt8(params.quantize_term)) {
      const int8 = int8B ?? (right && int8Right(right, N, K, workspace, workspace.scratch))
      if (int8 === undefined) throw new Error('the product has no right side')
      const sizes = { rows: M, columns: N, depth: K }
      multiplyQuantized(
        { left, right: int8, sizes, y, addend, params, scalesOfA: weights.A_data_int8_scales },
        workspace,
      )
      return y
    }
    const rightHalves = halvesB ?? (prepared.sums === 'float16' ? right : undefined)
    if (packedB) multiplyPacked(left, packedB, y, M, workspace, startWithC(y, addend, M, N))
    else if (rightHalves) {
      const sizes = { rows: M, columns: N, depth: K }
      productOfHalves({ left, right: rightHalves, sizes, y, addend, params }, workspace)
    } else if (right) {
      fillWithC(y, addend, M, N, output_transpose !== 0)
      const [l, r] = output_transpose ? [right, left] : [left, right]
      multiply(l, r, y, { rows, columns, depth: K }, workspace, {
        accumulate: addend !== undefined,
        sums: prepared.sums,
      })
    }
    scaleAll(y, params.alpha)
    return y
  },
})

/** What C is broadcast from was fixed at conversion; M and N follow from the inputs. */
function checkConstantC({ length }: Blob, broadcast: number, M: number, N: number): void {
  const needed = lengthsOfC(M, N)[broadcast]
  if (length !== needed)
    throw new NcnnError(`the product is [${M}, ${N}], but the constant C has ${length} elements, not ${needed}`)
}

/** Elements of C by its broadcast type. */
const lengthsOfC = (M: number, N: number): readonly number[] => [1, M, M, M * N, N]

/** Whether operands are quantised to int8, rather than not at all or in blocks. */
const isInt8 = (quantizeTerm: number): boolean => quantizeTerm !== 0 && blockFormat(quantizeTerm) === undefined

function weightOfB(N: number, K: number, quantizeTerm: number) {
  const format = blockFormat(quantizeTerm)
  return format ? blocks(N * packedRowBytes(format, K)) : (isInt8(quantizeTerm) ? taggedOrInt8 : tagged)(N * K)
}

function checkParams(params: GemmParams): void {
  const { constantA, constantB, constantC, constantM, constantN, constantK, quantize_term, output_elempack } = params
  if (constantA && !(constantM > 0 && constantK > 0))
    throw new NcnnError('with constantA, constantM and constantK must be given')
  if (constantB && !(constantN > 0 && constantK > 0))
    throw new NcnnError('with constantB, constantN and constantK must be given')
  const type = params.constant_broadcast_type_C
  if (constantC && (type < -1 || type > 4))
    throw new NcnnError(`constant_broadcast_type_C must be -1 to 4, found ${type}`)
  if (output_elempack < 0) throw new NcnnError(`output_elempack must not be negative, found ${output_elempack}`)
  if ([4, 5, 6].includes(quantize_term))
    throw new NcnnError(`quantize_term ${quantize_term} is not supported by ncnn`, { code: 'unsupported' })
  const format = blockFormat(quantize_term)
  if (format && (constantA || !constantB || !params.transB)) {
    throw new NcnnError('block-quantised weights need constantB=1 and transB=1, and no constantA')
  }
  if (format && format.bits < 8 && (params.transA || params.output_N1M || params.output_transpose)) {
    throw new NcnnError(
      `weights of ${format.bits} bits go with neither transA, output_N1M nor output_transpose; those of 8 bits do`,
    )
  }
}

/** A matrix's number of rows or columns that the result keeps, and the length that is summed over. */
function matrixOf(blob: Blob, depthFirst: number, name: string): { outer: number; depth: number } {
  const shape = blob.shape.length === 1 ? [1, ...blob.shape] : blob.shape
  if (shape.length > 3 || (shape.length === 3 && shape[1] !== 1)) {
    throw new NcnnError(
      `operand ${name} must be a row or a matrix ([columns], [rows, columns] or [rows, 1, columns]), found ${formatShape(shape)}`,
    )
  }
  const [rows, columns] = [shape[0], shape[shape.length - 1]]
  return depthFirst ? { outer: columns, depth: rows } : { outer: rows, depth: columns }
}

/**
 * How C is broadcast: 0 scalar, 1 and 2 a value per row, 3 the whole matrix, 4 a value per column. Later rules win, as in ncnn, which takes
 * the first element of any other C.
 */
function broadcastType({ shape }: Blob, M: number, N: number): number {
  const [first, second] = shape
  if (shape.length === 1) {
    if (first === N) return 4
    if (first === M) return 1
    if (first === 1) return 0
  }
  if (shape.length === 2) {
    if (first === 1 && second === N) return 4
    if (first === M && second === N) return 3
    if (first === M && second === 1) return 2
  }
  return 0
}

interface Addend {
  readonly C: Blob
  readonly broadcast: number
  readonly beta: number
}

/** Element (i, j) of beta C. */
function addendAt({ C, broadcast, beta }: Addend, N: number): (i: number, j: number) => number {
  const c = C.data
  switch (broadcast) {
    case 0:
      return () => c[0] * beta
    case 3:
      return (i, j) => c[i * N + j] * beta
    case 4:
      return (_, j) => c[j] * beta
    default:
      return (i) => c[i] * beta
  }
}

/** How the sums begin at beta C: with C's values for each row or column as they are, or with y, filled. */
function startWithC(y: Blob, addend: Addend | undefined, M: number, N: number): Start {
  if (addend === undefined) return 'zero'
  const { C, broadcast, beta } = addend
  if (beta === 1 && C.dtype === 'float32') {
    if (broadcast === 1 || broadcast === 2) return { perRow: C }
    if (broadcast === 4) return { perColumn: C }
  }
  fillWithC(y, addend, M, N, false)
  return 'accumulate'
}

/** y = beta C, where there is a C. */
function fillWithC(y: Blob, addend: Addend | undefined, M: number, N: number, transposed: boolean): void {
  if (addend === undefined) return
  const at = addendAt(addend, N)
  const target = y.data
  if (addend.broadcast === 4 && !transposed) {
    for (let j = 0; j < N; j++) target[j] = at(0, j)
    for (let i = 1; i < M; i++) target.copyWithin(i * N, 0, N)
    return
  }
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) target[transposed ? j * M + i : i * N + j] = at(i, j)
  }
}

/** A with column k multiplied by scales[k]. */
function scaleColumns(A: Blob, scales: Blob, workspace: Workspace): Blob {
  const scaled = workspace.scratch(A.shape)
  const [source, factors, target] = [A.data, scales.data, scaled.data]
  for (let i = 0; i < target.length; i++) target[i] = source[i] * factors[i % factors.length]
  return scaled
}

function scaleAll(y: Blob, alpha: number): void {
  if (alpha === 1) return
  const target = y.data
  for (let i = 0; i < target.length; i++) target[i] *= alpha
}

interface Int8Product {
  readonly left: Operand
  readonly right: Int8Right
  readonly sizes: ProductSizes
  readonly y: Blob
  readonly addend: Addend | undefined
  readonly params: GemmParams
  readonly scalesOfA: Blob | undefined
}

/** In half precision ncnn transposes what it has computed; the beta of a C that is fed is rounded, too. */
function productOfHalves(
  {
    left,
    right,
    sizes,
    y,
    addend,
    params,
  }: Omit<Int8Product, 'right' | 'scalesOfA'> & { readonly right: Operand | PackedHalves },
  workspace: Workspace,
): void {
  const { rows: M, columns: N } = sizes
  const product = params.output_transpose ? workspace.scratch([M, N]) : y
  fillWithC(
    product,
    addend && (params.constantC ? addend : { ...addend, beta: roundToFloat16(addend.beta) }),
    M,
    N,
    false,
  )
  multiplyHalves(left, right, product, sizes, workspace, { accumulate: addend !== undefined })
  if (params.output_transpose) transposeInto(y, product, M, N, workspace)
}

/** Float operands are quantised on the fly, A with a scale per row, B with one scale; sums are int32. */
function multiplyQuantized(
  { left, right, sizes, y, addend, params, scalesOfA }: Int8Product,
  workspace: Workspace,
): void {
  const { rows: M, columns: N, depth: K } = sizes
  const { alpha, output_transpose } = params
  const a = int8Operand(left, M, K, 'outer', workspace, scalesOfA)
  const product = output_transpose ? workspace.scratch([M, N]) : y
  multiplyInt8(a, right, product, sizes, workspace, { addend: addend && int8Addend(addend, N), alpha })
  if (!output_transpose) return
  transposeInto(y, product, M, N, workspace)
}

/** y[N][M] = the transposed product[M][N]. */
function transposeInto(y: Blob, product: Blob, M: number, N: number, { kernels }: Workspace): void {
  copyStrided([M, N], viewOf(product), { data: y.data, offset: 0, strides: [1, M] }, kernels)
}

/** C as the product of int8 matrices adds it. */
function int8Addend({ C, broadcast, beta }: Addend, N: number): Int8Addend {
  const perRow = broadcast === 1 || broadcast === 2
  const rowStride = broadcast === 3 ? N : Number(perRow)
  return { blob: C, rowStride, columnStride: perRow || broadcast === 0 ? 0 : 1, beta }
}
