// LSTM, GRU and RNN whose products are summed in half precision: gates are halves, states and what is computed of the gates float32.
// Every gate has columns of its own, a multiple of 8 of them; sums are [chains][gates * columns] for a step, the input's part already in them.
import { plainSigmoid4 as sigmoid4 } from './activation'
import { gemmRight, INITIAL_ZERO } from './gemm'
import { addHalf, roundHalf } from './half-rounding'
import { halfProduct } from './half-sums'
import { storeLanes } from './lanes'
import { tanh4 } from './math'

const CHAINS: i32 = 4

/** The sum of the four chains, in an order nearer to what the wheel's compiler makes of the source than that of the source is. */
function join(sums: usize, stride: usize): v128 {
  const middle = addHalf(v128.load(sums + stride), v128.load(sums + 2 * stride))
  return addHalf(addHalf(middle, v128.load(sums)), v128.load(sums + 3 * stride))
}

/** Rounds a state to halves, for the products with it. */
// @ts-ignore: decorator
@inline
function roundState(state: usize, n: i32, target: usize): void {
  for (let q = 0; q < n; q += 4) {
    const at = <usize>q << 2
    v128.store(target + at, roundHalf(v128.load(state + at)))
  }
}

export function halfLstm(
  sums: usize, packedHidden: usize, order: usize, ends: usize, packedProjection: usize, hidden: usize, cell: usize, output: usize,
  outputStride: i32, steps: i32, numOutput: i32, hiddenSize: i32, columns: i32, reverse: i32, scratch: usize,
): void {
  const part = <usize>columns << 2, chainStep = part << 2
  const rounded = scratch, unprojected = scratch + (<usize>numOutput + 4 << 2), work = unprojected + (<usize>hiddenSize + 4 << 2)
  const state = packedProjection ? unprojected : hidden
  for (let step = 0; step < steps; step++) {
    const t = reverse ? steps - 1 - step : step
    const g = sums + <usize>t * chainStep * <usize>CHAINS
    roundState(hidden, numOutput, rounded)
    halfProduct(rounded, 0, packedHidden, order, ends, CHAINS, g, 1, columns << 2, numOutput, 1)
    for (let q = 0; q < hiddenSize; q += 4) {
      const at = <usize>q << 2, rest = hiddenSize - q
      let p = g + at
      const i = sigmoid4(join(p, chainStep))
      p += part
      const f = sigmoid4(join(p, chainStep))
      p += part
      const o = sigmoid4(join(p, chainStep))
      p += part
      const n = tanh4(join(p, chainStep))
      const c = f32x4.add(f32x4.mul(f, v128.load(cell + at)), f32x4.mul(i, n))
      storeLanes(cell + at, c, rest)
      storeLanes(state + at, f32x4.mul(o, tanh4(c)), rest)
    }
    if (packedProjection) gemmRight(state, hiddenSize, 1, packedProjection, hidden, numOutput, 1, numOutput, hiddenSize, INITIAL_ZERO, 0, 0, 0, 0, work)
    memory.copy(output + (<usize>t * <usize>outputStride << 2), hidden, <usize>numOutput << 2)
  }
}

export function halfGru(
  sums: usize, input: usize, features: i32, packedInput: usize, inputOrder: usize, inputEnds: usize, packedHidden: usize, order: usize,
  ends: usize, newBias: usize, hidden: usize, output: usize, outputStride: i32, steps: i32, numOutput: i32, columns: i32, reverse: i32,
  scratch: usize,
): void {
  const part = <usize>columns << 2, chainStep = part * 3, newStep = part
  const rounded = scratch, newSums = scratch + (<usize>numOutput + 4 << 2)
  for (let step = 0; step < steps; step++) {
    const t = reverse ? steps - 1 - step : step
    const g = sums + <usize>t * chainStep * <usize>CHAINS
    roundState(hidden, numOutput, rounded)
    halfProduct(rounded, 0, packedHidden, order, ends, CHAINS, g, 1, columns * 3, numOutput, 1)
    // N continues from what the reset gate leaves of the hidden state's part.
    memory.fill(newSums, 0, newStep * <usize>CHAINS)
    for (let q = 0; q < numOutput; q += 4) {
      const at = <usize>q << 2
      const reset = roundHalf(sigmoid4(join(g + at, chainStep)))
      const recurrent = join(g + (part << 1) + at, chainStep)
      v128.store(newSums + at, roundHalf(f32x4.add(v128.load(newBias + at), f32x4.mul(reset, recurrent))))
    }
    const x = input + (<usize>t * <usize>features << 2)
    halfProduct(x, 0, packedInput, inputOrder, inputEnds, CHAINS, newSums, 1, columns, features, 1)
    for (let q = 0; q < numOutput; q += 4) {
      const at = <usize>q << 2, rest = numOutput - q
      const u = sigmoid4(join(g + part + at, chainStep))
      const n = tanh4(join(newSums + at, newStep))
      const h = f32x4.add(f32x4.mul(f32x4.sub(f32x4.splat(1), u), n), f32x4.mul(u, v128.load(hidden + at)))
      storeLanes(hidden + at, h, rest)
    }
    memory.copy(output + (<usize>t * <usize>outputStride << 2), hidden, <usize>numOutput << 2)
  }
}

export function halfRnn(
  sums: usize, packedHidden: usize, order: usize, ends: usize, hidden: usize, output: usize, outputStride: i32, steps: i32,
  numOutput: i32, columns: i32, reverse: i32, scratch: usize,
): void {
  const chainStep = <usize>columns << 2
  for (let step = 0; step < steps; step++) {
    const t = reverse ? steps - 1 - step : step
    const g = sums + <usize>t * chainStep * <usize>CHAINS
    roundState(hidden, numOutput, scratch)
    halfProduct(scratch, 0, packedHidden, order, ends, CHAINS, g, 1, columns, numOutput, 1)
    for (let q = 0; q < numOutput; q += 4) {
      const at = <usize>q << 2
      storeLanes(hidden + at, tanh4(join(g + at, chainStep)), numOutput - q)
    }
    memory.copy(output + (<usize>t * <usize>outputStride << 2), hidden, <usize>numOutput << 2)
  }
}
