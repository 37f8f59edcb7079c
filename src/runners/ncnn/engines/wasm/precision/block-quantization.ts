// Weights in blocks of 4, 6 or 8 bits with a scale a block, as Gemm has them for language models.
// Source: Tencent/ncnn, docs/developer-guide/operators.md, "Gemm", weight-only block quantization.
import { NcnnError } from '../../../error.ts'
import { descale } from './int8.ts'

/** How `quantize_term` = bits * 100 + input scale * 10 + block code says the weights are packed. */
export interface BlockFormat {
  readonly bits: number
  readonly hasInputScale: boolean
  readonly blockSize: number
}

const blockSizes = [32, 64, 128]

/** The format that a quantize_term of 400 and above stands for; undefined below. */
export function blockFormat(quantize_term: number): BlockFormat | undefined {
  if (quantize_term < 400) return undefined
  const bits = Math.floor(quantize_term / 100)
  const inputScale = Math.floor((quantize_term % 100) / 10)
  const blockSize = blockSizes[quantize_term % 10]
  if (![4, 6, 8].includes(bits) || inputScale > 1 || blockSize === undefined) {
    throw new NcnnError(
      `quantize_term ${quantize_term} is not bits (4, 6, 8) x 100 + input scale (0, 1) x 10 + block code (0, 1, 2)`,
    )
  }
  return { bits, hasInputScale: inputScale === 1, blockSize }
}

/** Bytes of one packed row of `columns` weights. */
export function packedRowBytes({ bits }: BlockFormat, columns: number): number {
  return Math.ceil((columns * bits) / 8)
}

/** Unpacks [rows][columns] weights: each is its integer divided by the scale of its block. */
export function dequantizeBlocks(
  packed: ArrayLike<number>,
  scales: ArrayLike<number>,
  rows: number,
  columns: number,
  format: BlockFormat,
  target: { [index: number]: number },
): void {
  const { bits, blockSize } = format
  const rowBytes = packedRowBytes(format, columns)
  const rowBlocks = Math.ceil(columns / blockSize)
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < columns; k++) {
      const factor = descale(scales[row * rowBlocks + Math.floor(k / blockSize)])
      target[row * columns + k] = signedBits(packed, row * rowBytes, rowBytes, k * bits, bits) * factor
    }
  }
}

/** The two's complement integer of `bits` bits that starts at a bit of a row, lowest bit first. */
function signedBits(bytes: ArrayLike<number>, start: number, length: number, firstBit: number, bits: number): number {
  const at = firstBit >> 3
  const low = bytes[start + at] & 0xff
  const high = at + 1 < length ? bytes[start + at + 1] & 0xff : 0
  const unused = 32 - bits
  return (((low | (high << 8)) >> (firstBit & 7)) << unused) >> unused
}
