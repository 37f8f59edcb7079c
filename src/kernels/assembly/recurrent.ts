// LSTM, GRU and RNN over a sequence. The part of the gates that depends on the input comes in, computed for all steps at once;
// each step adds the hidden state's part, a matrix-vector product, and applies the gates.
import { plainSigmoid4 as sigmoid4 } from './activation'
import { INITIAL_ACCUMULATE, INITIAL_ZERO, row, SCRATCH_BYTES } from './gemm'
import { storeLanes } from './lanes'
import { tanh4 } from './math'

/** C[n] = initial + h[k] * W for packed W, in each of many steps. */
// @ts-ignore: decorator
@inline
function product(h: usize, packed: usize, c: usize, n: i32, k: i32, initial: i32, step: i32): void {
  row(h, packed, k, c, n, initial, 0, 0, 0, 0, (step & 1) != 0)
}

export function lstm(
  gates: usize, packedHidden: usize, packedProjection: usize, hidden: usize, cell: usize, output: usize, outputStride: i32,
  steps: i32, numOutput: i32, hiddenSize: i32, reverse: i32, scratch: usize,
): void {
  const part = <usize>hiddenSize << 2, stepBytes = part << 2
  const state = packedProjection ? scratch + SCRATCH_BYTES : hidden
  for (let step = 0; step < steps; step++) {
    const t = reverse ? steps - 1 - step : step
    const g = gates + <usize>t * stepBytes
    product(hidden, packedHidden, g, hiddenSize << 2, numOutput, INITIAL_ACCUMULATE, step)
    for (let q = 0; q < hiddenSize; q += 4) {
      const at = <usize>q << 2, rest = hiddenSize - q
      let p = g + at
      const i = sigmoid4(v128.load(p))
      p += part
      const f = sigmoid4(v128.load(p))
      p += part
      const o = sigmoid4(v128.load(p))
      p += part
      const n = tanh4(v128.load(p))
      const c = f32x4.add(f32x4.mul(f, v128.load(cell + at)), f32x4.mul(i, n))
      storeLanes(cell + at, c, rest)
      storeLanes(state + at, f32x4.mul(o, tanh4(c)), rest)
    }
    if (packedProjection) product(state, packedProjection, hidden, numOutput, hiddenSize, INITIAL_ZERO, step)
    memory.copy(output + (<usize>t * <usize>outputStride << 2), hidden, <usize>numOutput << 2)
  }
}

export function gru(
  gates: usize, packedHidden: usize, hiddenBias: usize, hidden: usize, output: usize, outputStride: i32,
  steps: i32, numOutput: i32, reverse: i32, scratch: usize,
): void {
  const part = <usize>numOutput << 2, sums = scratch + SCRATCH_BYTES
  for (let step = 0; step < steps; step++) {
    const t = reverse ? steps - 1 - step : step
    const g = gates + <usize>t * part * 3
    // R and U continue the input's sums, N starts its own from the bias that the reset gate multiplies.
    memory.copy(sums, g, part << 1)
    memory.copy(sums + (part << 1), hiddenBias, part)
    product(hidden, packedHidden, sums, numOutput * 3, numOutput, INITIAL_ACCUMULATE, step)
    for (let q = 0; q < numOutput; q += 4) {
      const at = <usize>q << 2, rest = numOutput - q
      const r = sigmoid4(v128.load(sums + at)), u = sigmoid4(v128.load(sums + part + at))
      const n = tanh4(f32x4.add(v128.load(g + (part << 1) + at), f32x4.mul(r, v128.load(sums + (part << 1) + at))))
      const h = f32x4.add(f32x4.mul(f32x4.sub(f32x4.splat(1), u), n), f32x4.mul(u, v128.load(hidden + at)))
      storeLanes(hidden + at, h, rest)
    }
    memory.copy(output + (<usize>t * <usize>outputStride << 2), hidden, part)
  }
}

export function rnn(
  gates: usize, packedHidden: usize, hidden: usize, output: usize, outputStride: i32,
  steps: i32, numOutput: i32, reverse: i32, scratch: usize,
): void {
  const part = <usize>numOutput << 2
  for (let step = 0; step < steps; step++) {
    const t = reverse ? steps - 1 - step : step
    const g = gates + <usize>t * part
    product(hidden, packedHidden, g, numOutput, numOutput, INITIAL_ACCUMULATE, step)
    for (let q = 0; q < numOutput; q += 4) {
      const at = <usize>q << 2
      storeLanes(hidden + at, tanh4(v128.load(g + at)), numOutput - q)
    }
    memory.copy(output + (<usize>t * <usize>outputStride << 2), hidden, part)
  }
}
