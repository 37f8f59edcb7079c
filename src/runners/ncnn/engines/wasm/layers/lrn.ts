// LRN: each element divided by a power of what its neighbours' squares add up to (Krizhevsky et al., 2012).
import { BinaryOp } from '../../../../../kernels/ncnn.ts'
import { float, int } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import { pow } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { atLeast, within } from '../param-checks.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

const acrossChannels = 0
const withinChannel = 1

/**
 * y = x * (bias + alpha / n * sum of x^2)^-beta, over local_size channels (n = local_size) or over local_size x local_size
 * positions of the same channel (n = local_size^2)
 */
export const LRN = defineLayer({
  type: 'LRN',
  binaryId: 18,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: { region_type: int(0), local_size: int(1, 5), alpha: float(2, 1), beta: float(3, 0.75), bias: float(4, 1) },
  check({ region_type, local_size }) {
    within(acrossChannels, withinChannel, { region_type })
    atLeast(1, { local_size })
  },
  /** -beta, in memory for the kernel. */
  prepare({ params: { beta } }, { alloc }) {
    const exponent = alloc([1])
    exponent.data[0] = -beta
    return exponent
  },
  forward([x], { params: { region_type, local_size, alpha, bias }, prepared: exponent }, workspace) {
    checkFloat(x, workspace)
    const { c, h, w } = namedLengths(asRank(x.shape, 3))
    const before = Math.floor(local_size / 2)
    const after = local_size - before - 1
    if (region_type === acrossChannels) {
      const [channels, factor] = [{ outer: 1, length: c, inner: h * w }, alpha / local_size]
      if (workspace.float === 'float32') {
        const y = workspace.alloc(x.shape)
        workspace.kernels.squareWindows({
          input: x.ptr,
          output: y.ptr,
          length: c,
          inner: h * w,
          before,
          after,
          factor,
          offset: bias,
        })
        return timesPower(x, y, exponent, workspace)
      }
      return divideByPower(x, windowSums(squares(x), channels, before, after), factor, bias, exponent, workspace)
    }
    const rows = windowSums(squares(x), { outer: c * h, length: w, inner: 1 }, before, after)
    const sums = windowSums(rows, { outer: c, length: h, inner: w }, before, after)
    return divideByPower(x, sums, alpha / (local_size * local_size), bias, exponent, workspace)
  },
})

function squares({ data }: Blob): Float64Array {
  const result = new Float64Array(data.length)
  for (let i = 0; i < data.length; i++) result[i] = data[i] * data[i]
  return result
}

interface Axes {
  readonly outer: number
  readonly length: number
  readonly inner: number
}

/** Sums along the middle axis over windows from `before` elements before each to `after` behind it, as far as there are any. */
function windowSums(values: Float64Array, { outer, length, inner }: Axes, before: number, after: number): Float64Array {
  const sums = new Float64Array(values.length)
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < length; k++) {
      const target = (o * length + k) * inner
      for (let j = Math.max(k - before, 0); j <= Math.min(k + after, length - 1); j++) {
        const source = (o * length + j) * inner
        for (let i = 0; i < inner; i++) sums[target + i] += values[source + i]
      }
    }
  }
  return sums
}

/** x * (bias + factor * sums)^exponent */
function divideByPower(
  x: Blob,
  sums: Float64Array,
  factor: number,
  bias: number,
  exponent: Blob,
  workspace: Workspace,
): Blob {
  if (workspace.float === 'float32') {
    const y = workspace.alloc(x.shape)
    const { data, length } = y
    for (let i = 0; i < length; i++) data[i] = bias + factor * sums[i]
    return timesPower(x, y, exponent, workspace)
  }
  const y = workspace.reuse(x)
  const [source, target, [power]] = [x.data, y.data, exponent.data]
  for (let i = 0; i < target.length; i++) target[i] = source[i] * pow(bias + factor * sums[i], power)
  return y
}

/** y = x * y^exponent */
function timesPower(x: Blob, y: Blob, exponent: Blob, { kernels }: Workspace): Blob {
  const { ptr, length } = y
  kernels.binary({
    op: BinaryOp.pow,
    a: ptr,
    a0: 0,
    a1: 0,
    a2: 0,
    a3: 1,
    b: exponent.ptr,
    b0: 0,
    b1: 0,
    b2: 0,
    b3: 0,
    output: ptr,
    n0: 1,
    n1: 1,
    n2: 1,
    n3: length,
  })
  kernels.binary({
    op: BinaryOp.mul,
    a: x.ptr,
    a0: 0,
    a1: 0,
    a2: 0,
    a3: 1,
    b: ptr,
    b0: 0,
    b1: 0,
    b2: 0,
    b3: 1,
    output: ptr,
    n0: 1,
    n1: 1,
    n2: 1,
    n3: length,
  })
  return y
}
