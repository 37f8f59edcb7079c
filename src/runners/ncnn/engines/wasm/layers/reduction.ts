// Reduction: sums, means, norms and extremes over some axes or all.
import { ReduceOp } from '../../../../../kernels/ncnn.ts'
import { sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { float, int, ints } from '../../../params.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import { exp, log } from '../math/index.ts'
import type { Blob } from '../memory/blob.ts'
import { checkFloat } from '../operations/elementwise.ts'
import { larger, smaller } from '../operations/extrema.ts'
import { checkAxes } from '../param-checks.ts'
import { existingAxes, keptBatch } from '../shapes/axes.ts'

/** Folds one element after the other. */
interface Fold {
  readonly kernel: number
  readonly start: number
  readonly step: (folded: number, x: number) => number
}
const sum: Fold = { kernel: ReduceOp.sum, start: 0, step: (folded, x) => folded + x }
const sumOfMagnitudes: Fold = { kernel: ReduceOp.asum, start: 0, step: (folded, x) => folded + Math.abs(x) }
const sumOfSquares: Fold = { kernel: ReduceOp.sumsq, start: 0, step: (folded, x) => folded + x * x }
const sumOfExponentials: Fold = { kernel: ReduceOp.sumexp, start: 0, step: (folded, x) => folded + exp(x) }
const maximum: Fold = { kernel: ReduceOp.max, start: -Infinity, step: larger }
const minimum: Fold = { kernel: ReduceOp.min, start: Infinity, step: smaller }
const product: Fold = { kernel: ReduceOp.prod, start: 1, step: (folded, x) => folded * x }

interface Operation {
  readonly fold: Fold
  /** Folds what was folded along another axis before. */
  readonly again: Fold
  /** Of the folded values of `count` elements. */
  readonly finish?: (folded: number, count: number) => number
}

/** By number. */
const operations: readonly Operation[] = [
  { fold: sum, again: sum },
  { fold: sumOfMagnitudes, again: sum },
  { fold: sumOfSquares, again: sum },
  { fold: sum, again: sum, finish: (folded, count) => folded / count },
  { fold: maximum, again: maximum },
  { fold: minimum, again: minimum },
  { fold: product, again: product },
  { fold: sumOfMagnitudes, again: sum },
  { fold: sumOfSquares, again: sum, finish: Math.sqrt },
  { fold: sum, again: sum, finish: log },
  { fold: sumOfExponentials, again: sum, finish: log },
]

/** y = coeff * op(x over the axes), op: sum, sum of magnitudes or squares, mean, max, min, product, L1 or L2 norm, log of the sum, or of the sum of e^x */
export const Reduction = defineLayer({
  type: 'Reduction',
  binaryId: 25,
  inputs: '1',
  elements: 'float32',
  stores16: false,
  params: {
    operation: int(0),
    reduce_all: int(1, 1),
    coeff: float(2, 1),
    axes: ints(3),
    keepdims: int(4),
    fixbug0: int(5),
  },
  prepare({ params: { operation, axes, fixbug0 } }) {
    if (fixbug0 === 0 && axes.length > 0) {
      throw new NcnnError(
        'axes were written by an old converter that counted them differently (no fixbug0, 5=1): convert the model anew',
      )
    }
    const definition = operations[operation]
    if (definition === undefined) {
      throw new NcnnError(`operation must be 0 to ${operations.length - 1}, found ${operation}`)
    }
    return definition
  },
  check: ({ axes }) => checkAxes(axes),
  forward([x], { params: { reduce_all, coeff, axes, keepdims }, prepared: operation }, workspace) {
    checkFloat(x, workspace)
    const isReduced = reducedAxes(x.shape, reduce_all, axes)
    const shape = x.shape.flatMap((length, axis) => (!isReduced[axis] ? [length] : keepdims ? [1] : []))
    const y = workspace.alloc(shape.length === 0 ? [1] : shape)
    foldAxes(x, y, isReduced, operation, workspace)
    finish(y, operation, x.length / y.length, coeff)
    return y
  },
})

function reducedAxes(shape: readonly number[], reduce_all: number, axes: readonly number[]): readonly boolean[] {
  if (reduce_all || shape.length === 1) return shape.map(() => true)
  const chosen = existingAxes(axes, shape.length)
  if (chosen.length === 0) {
    const advice = axes.includes(shape.length) ? keptBatch : ''
    throw new NcnnError(`axes [${axes.join(', ')}] are none of the ${shape.length} axes of the input${advice}`)
  }
  return shape.map((_, axis) => chosen.includes(axis))
}

/** Folds one run of neighbouring axes after the other. */
function foldAxes(
  x: Blob,
  y: Blob,
  isReduced: readonly boolean[],
  { fold, again }: Operation,
  workspace: Workspace,
): void {
  const runs = runsOf(x.shape, isReduced)
  let source = x
  for (const [index, run] of runs.entries()) {
    const target = index === runs.length - 1 ? y : workspace.scratch([run.outer * run.inner])
    foldMiddle(source, target, run, index === 0 ? fold : again, workspace)
    source = target
  }
}

/** Neighbouring axes that are reduced, as the middle one of three. */
interface Run {
  readonly outer: number
  readonly length: number
  readonly inner: number
}

/** The innermost first; of the axes inside of a run those that are reduced are gone. */
function runsOf(shape: readonly number[], isReduced: readonly boolean[]): Run[] {
  const runs: Run[] = []
  let inner = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    let length = shape[axis]
    if (!isReduced[axis]) {
      inner *= length
      continue
    }
    while (axis > 0 && isReduced[axis - 1]) length *= shape[--axis]
    runs.push({ outer: sizeOf(shape.slice(0, axis)), length, inner })
  }
  return runs
}

function foldMiddle(
  x: Blob,
  y: Blob,
  { outer, length, inner }: Run,
  { kernel, start, step }: Fold,
  { float, kernels }: Workspace,
): void {
  if (float === 'float32') {
    kernels.reduce({ op: kernel, input: x.ptr, output: y.ptr, outer, length, inner, coefficient: 1 })
    return
  }
  const [source, target] = [x.data, y.data]
  target.fill(start)
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < length; k++) {
      const row = (o * length + k) * inner
      for (let i = 0; i < inner; i++) target[o * inner + i] = step(target[o * inner + i], source[row + i])
    }
  }
}

function finish(y: Blob, operation: Operation, count: number, coeff: number): void {
  if (operation.finish === undefined && coeff === 1) return
  const { data } = y
  for (let i = 0; i < data.length; i++) {
    data[i] = coeff * (operation.finish ? operation.finish(data[i], count) : data[i])
  }
}
