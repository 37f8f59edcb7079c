// Products with weights in blocks of 8 bits, for which ncnn quantises the activations too, row by row and block by block.
// Source: Tencent/ncnn 20261020, src/layer/gemm.cpp and src/layer/multiheadattention.cpp, `quantize_term` of 800 and above.
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { type BlockFormat, packedRowBytes } from '../precision/block-quantization.ts'
import { toInt8 } from '../precision/int8.ts'
import type { Operand } from './operand.ts'

/** Signed bytes [columns][depth], each the weight times the scale of its block. */
export interface BlockRight {
  readonly values: Blob
  /** [columns][blocks] */
  readonly scales: Blob
  /** [depth]: features are multiplied by these first. */
  readonly inputScales: Blob | undefined
  readonly columns: number
  readonly depth: number
  readonly format: BlockFormat
}

/** y[rows][columns] += L R. The sum over a block is an integer; those of the blocks are added in float64 and rounded once. */
export function multiplyBlocks(left: Operand, right: BlockRight, y: Blob, rows: number, workspace: Workspace): void {
  const { columns, depth, format, values, scales } = right
  const { blockSize } = format
  const blocks = Math.ceil(depth / blockSize)
  const rowBytes = packedRowBytes(format, depth)
  const [weights, factors, target] = [values.data, scales.data, y.data]
  const row: QuantizedRow = { values: new Int8Array(depth), units: new Float64Array(blocks) }
  for (let i = 0; i < rows; i++) {
    quantizeRow(left, i, right, row, workspace)
    for (let j = 0; j < columns; j++) {
      let sum = target[i * columns + j]
      for (let block = 0; block < blocks; block++) {
        const end = Math.min((block + 1) * blockSize, depth)
        let products = 0
        for (let k = block * blockSize; k < end; k++) products += row.values[k] * weights[j * rowBytes + k]
        if (products !== 0) sum += (products * row.units[block]) / factors[j * blocks + block]
      }
      target[i * columns + j] = sum
    }
  }
}

/** A row of activations: bytes, and what a unit of each block's bytes is worth. */
interface QuantizedRow {
  readonly values: Int8Array
  readonly units: Float64Array
}

function quantizeRow(
  { blob, offset, outerStride, depthStride }: Operand,
  index: number,
  { inputScales, depth, format: { blockSize } }: BlockRight,
  row: QuantizedRow,
  { float }: Workspace,
): void {
  const round = float === 'float32' ? Math.fround : (x: number) => x
  const [source, factors, start] = [blob.data, inputScales?.data, offset + index * outerStride]
  const valueAt = (k: number): number => {
    const value = source[start + k * depthStride]
    return factors === undefined ? value : round(value * factors[k])
  }
  for (const block of row.units.keys()) {
    const [begin, end] = [block * blockSize, Math.min((block + 1) * blockSize, depth)]
    let largest = 0
    for (let k = begin; k < end; k++) largest = Math.max(largest, Math.abs(valueAt(k)))
    const scale = largest === 0 ? 0 : round(127 / largest)
    for (let k = begin; k < end; k++) row.values[k] = toInt8(round(valueAt(k) * scale))
    row.units[block] = round(largest / 127)
  }
}
