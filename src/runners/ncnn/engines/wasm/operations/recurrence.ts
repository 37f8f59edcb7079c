// The plain form of the recurrent layers: one direction unrolled over time, in double precision, with float or int8 weights.
import { tanh } from '../math/index.ts'
import type { BlobArray } from '../memory/blob.ts'
import { descale, dynamicScale, quantize } from '../precision/int8.ts'
import { roundToFloat16 } from '../precision/sums.ts'
import { sigmoid } from './logistic.ts'

/** W v for the rows of one matrix; `start` is where v begins in `vector`. The result is valid until the next call. */
export type Product = (vector: BlobArray, start: number) => Float64Array

/**
 * @param weights holds the matrix [rows][columns] from `offset` on
 */
export function matrixProduct(weights: BlobArray, offset: number, rows: number, columns: number): Product {
  const result = new Float64Array(rows)
  return (vector, start) => {
    for (let r = 0; r < rows; r++) {
      let sum = 0
      for (let i = 0; i < columns; i++) sum += weights[offset + r * columns + i] * vector[start + i]
      result[r] = sum
    }
    return result
  }
}

/** Int8 weights: fills a vector of bytes and returns the integer sums of each row, which are valid until the next call. */
export type Int8Rows = (fill: (vector: BlobArray) => void) => BlobArray

/** Rows of int8 weights in plain TypeScript; `weights` holds the matrix [rows][columns] from `offset` on. */
export function plainRows(weights: BlobArray, offset: number, rows: number, columns: number): Int8Rows {
  const vector = new Int8Array(columns)
  const sums = new Float64Array(rows)
  return (fill) => {
    fill(vector)
    for (let r = 0; r < rows; r++) {
      let sum = 0
      for (let i = 0; i < columns; i++) sum += weights[offset + r * columns + i] * vector[i]
      sums[r] = sum
    }
    return sums
  }
}

/**
 * W v for int8 weights with a scale for each row, from `scaleOffset` on: v is quantised on the fly, as ncnn does.
 * @param inHalf the scale and the products with it are rounded to float16, as where halves are quantised
 */
export function int8Product(
  multiply: Int8Rows,
  rows: number,
  columns: number,
  scales: BlobArray,
  scaleOffset: number,
  inHalf: boolean,
): Product {
  const round = inHalf ? roundToFloat16 : Math.fround
  const result = new Float64Array(rows)
  const units = Float64Array.from({ length: rows }, (_, r) => descale(scales[scaleOffset + r]))
  return (vector, start) => {
    const values = vector.subarray(start, start + columns)
    const scale = dynamicScale(values)
    const unit = descale(scale)
    const sums = multiply((bytes) => quantize(values, round(scale), bytes, round))
    for (let r = 0; r < rows; r++) result[r] = sums[r] * Math.fround(unit * units[r])
    return result
  }
}

/** What one direction of a recurrent layer works with. States are updated in place, from their own offsets on. */
export interface Direction {
  /** W_x and W_h, each with the rows of all gates. */
  readonly input: Product
  readonly hidden: Product
  /** One bias a gate row, from `biasOffset` on. */
  readonly bias: BlobArray
  readonly biasOffset: number
  readonly hiddenState: BlobArray
  readonly hiddenOffset: number
  /** Length of the hidden state: the layer's outputs in this direction. */
  readonly outputs: number
}

export interface LstmDirection extends Direction {
  readonly cellState: BlobArray
  readonly cellOffset: number
  readonly hiddenSize: number
  /** W_hr, which maps the hidden size to the outputs; absent when they are equal. */
  readonly projection: Product | undefined
}

/** Walks over the time steps, first to last or in reverse; `step` gets the index of the step. */
export function unroll(steps: number, reverse: boolean, step: (t: number) => void): void {
  for (let i = 0; i < steps; i++) step(reverse ? steps - 1 - i : i)
}

/** The sum of a row's bias and its two products. */
function gateSum({ bias, biasOffset }: Direction, row: number, fromInput: number, fromHidden: number): number {
  return bias[biasOffset + row] + fromInput + fromHidden
}

/**
 * One step: gates I, F, O, G = W_x x + W_h h + b; c = sigmoid(F) c + sigmoid(I) tanh(G); h = sigmoid(O) tanh(c), projected by W_hr.
 * @param x holds the step's features from `start` on
 */
export function lstmStep(direction: LstmDirection, x: BlobArray, start: number): void {
  const { input, hidden, hiddenState, hiddenOffset, outputs, projection } = direction
  const { cellState, cellOffset, hiddenSize } = direction
  const fromInput = input(x, start)
  const fromHidden = hidden(hiddenState, hiddenOffset)
  const gate = (row: number): number => gateSum(direction, row, fromInput[row], fromHidden[row])
  const result = new Float64Array(hiddenSize)
  for (let q = 0; q < hiddenSize; q++) {
    const forget = sigmoid(gate(hiddenSize + q)) * cellState[cellOffset + q]
    const cell = forget + sigmoid(gate(q)) * tanh(gate(3 * hiddenSize + q))
    result[q] = sigmoid(gate(2 * hiddenSize + q)) * tanh(cell)
    cellState[cellOffset + q] = cell
  }
  const projected = projection?.(result, 0) ?? result
  for (let q = 0; q < outputs; q++) hiddenState[hiddenOffset + q] = projected[q]
}

/**
 * One step: R, U = sigmoid(W_x x + W_h h + b); N = tanh(W_xn x + b_wn + R (W_hn h + b_bn)); h = (1 - U) N + U h.
 * The biases are in the order R, U, WN, BN.
 */
export function gruStep(direction: Direction, x: BlobArray, start: number): void {
  const { input, hidden, bias, biasOffset, hiddenState, hiddenOffset, outputs } = direction
  const fromInput = input(x, start)
  const fromHidden = hidden(hiddenState, hiddenOffset)
  const gate = (row: number): number => gateSum(direction, row, fromInput[row], fromHidden[row])
  for (let q = 0; q < outputs; q++) {
    const reset = sigmoid(gate(q))
    const update = sigmoid(gate(outputs + q))
    const candidate = 2 * outputs + q
    const recurrent = fromHidden[candidate] + bias[biasOffset + outputs + candidate]
    const next = tanh(fromInput[candidate] + bias[biasOffset + candidate] + reset * recurrent)
    hiddenState[hiddenOffset + q] = (1 - update) * next + update * hiddenState[hiddenOffset + q]
  }
}

/** One step: h = tanh(W_x x + W_h h + b). */
export function rnnStep(direction: Direction, x: BlobArray, start: number): void {
  const { input, hidden, hiddenState, hiddenOffset, outputs } = direction
  const fromInput = input(x, start)
  const fromHidden = hidden(hiddenState, hiddenOffset)
  for (let q = 0; q < outputs; q++) {
    hiddenState[hiddenOffset + q] = tanh(gateSum(direction, q, fromInput[q], fromHidden[q]))
  }
}
