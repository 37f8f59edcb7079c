// Matrix products in float32, and how their operands are packed.

import { fusedActivation, noActivation } from './activation.ts'
import { kernel } from './definition.ts'

/** Bytes of scratch memory that every GEMM, convolution and recurrent kernel needs, whatever the shapes. */
export const gemmScratchBytes = 528 * 1024

/** How weights are stored where they are packed from. */
export const WeightType = { float32: 0, float16: 1 } as const

/** Where the sum of a matrix product starts: 0, a bias per row or per column of the product, or what the product's memory holds. */
export const Initial = { zero: 0, rowBias: 1, columnBias: 2, accumulate: 3 } as const

/** Bytes of a left matrix [m,k] after {@link NcnnKernels.packLeft}. */
export function packedLeftBytes(m: number, k: number): number {
  return Math.ceil(m / 4) * 4 * k * 4
}

/** Bytes of a right matrix [k,n] after {@link NcnnKernels.packRight}: panels of 8 columns, the last one 8, 4 or 1 wide. */
export function packedRightBytes(k: number, n: number): number {
  const rest = n % 8
  const padded = n - rest + (rest > 4 ? 8 : rest > 1 ? 4 : rest)
  return padded * k * 4
}

export const gemmKernels = {
  /**
   * Packs a left matrix A[m,k] (A[i][p] = source[i*rowStride + p*depthStride]) into panels of 4 rows for {@link gemmLeft}.
   * `packed` needs {@link packedLeftBytes} bytes.
   */
  packLeft: kernel(['source', 'weightType', 'rowStride', 'depthStride', 'm', 'k', 'packed']),
  /**
   * Packs a right matrix B[k,n] (B[p][j] = source[p*depthStride + j*columnStride]) into panels of 8 columns for {@link gemmRight}.
   * The weights of a linear layer, [n][k] row-major, are `depthStride` 1, `columnStride` k. `packed` needs {@link packedRightBytes} bytes.
   * `whole`: the last panel, too, is 8 wide, filled up with zeros.
   */
  packRight: kernel(['source', 'weightType', 'depthStride', 'columnStride', 'k', 'n', 'packed', 'whole'], { whole: 0 }),
  /**
   * C[m,n] = activation(initial + A*B) with A packed by {@link packLeft}, B[p][j] = b[p*depthStride + j*columnStride], C's rows `ldc` apart.
   * `initial` is one of {@link Initial}; `bias` its values or 0. `scratch`: {@link gemmScratchBytes}. C must not overlap B.
   */
  gemmLeft: kernel(
    [
      'packedA',
      'b',
      'depthStride',
      'columnStride',
      'c',
      'ldc',
      'm',
      'n',
      'k',
      'initial',
      'bias',
      ...fusedActivation,
      'scratch',
    ],
    { initial: 0, bias: 0, ...noActivation },
  ),
  /**
   * C[m,n] = activation(initial + A*B) with B packed by {@link packRight}, A[i][p] = a[i*rowStride + p*depthStride], C's rows `ldc` apart.
   * Serves InnerProduct (m rows of features; m = 1 is a bandwidth-bound matrix-vector product). `scratch`: {@link gemmScratchBytes}.
   */
  gemmRight: kernel(
    [
      'a',
      'rowStride',
      'depthStride',
      'packedB',
      'c',
      'ldc',
      'm',
      'n',
      'k',
      'initial',
      'bias',
      ...fusedActivation,
      'scratch',
    ],
    { initial: 0, bias: 0, ...noActivation },
  ),
  /**
   * C[m,n] = initial + A*B with neither side packed: A[i][p] = a[i*aRowStride + p*aDepthStride], B[p][j] = b[p*bDepthStride + j*bColumnStride],
   * so transposed operands are a matter of strides. `scratch`: {@link gemmScratchBytes}.
   */
  gemm: kernel(
    [
      'a',
      'aRowStride',
      'aDepthStride',
      'b',
      'bDepthStride',
      'bColumnStride',
      'c',
      'ldc',
      'm',
      'n',
      'k',
      'initial',
      'bias',
      'scratch',
    ],
    { initial: 0, bias: 0 },
  ),
}
