// Reshape: the same elements under another shape.
import { formatShape, sizeOf } from '../../../../../tensor/shape.ts'
import { batchAxisParams, noBatchAxis } from '../../../batches.ts'
import { NcnnError } from '../../../error.ts'
import { int, string } from '../../../params.ts'
import { defineLayer, type Samples, type Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { copyStrided, type StridedView, viewOf } from '../operations/strided-copy.ts'
import { oneToOne } from '../param-checks.ts'
import { axisNames, namedLengths } from '../shapes/axes.ts'
import { evaluateSizes, refersToOthers } from '../shapes/expression.ts'

/** Lengths in Reshape: one that is not given, one that is what remains, one that is as in the input. */
const unset = -233

const remaining = -1

const asInput = 0

/** y = reshape(x, [c, d, h, w]), or to the sizes that an expression gives, innermost first */
export const Reshape = defineLayer({
  type: 'Reshape',
  binaryId: 27,
  inputs: '1+',
  elements: 'moved',
  stores16: true,
  params: {
    w: int(0, unset),
    h: int(1, unset),
    d: int(11, unset),
    c: int(2, unset),
    shape_expr: string(6),
    ...batchAxisParams,
  },
  check(params, layer) {
    if (!refersToOthers(params.shape_expr)) oneToOne(layer)
  },
  forward: ([x], { params }) => x.share(resolveShape(wantedLengths([[x]], params), x.shape)),
  /** Without batch axes each sample is reshaped; with them, elements move between samples and axes. */
  forwardBatch(inputs, { params }, workspace) {
    const [samples] = inputs
    const wanted = wantedLengths(inputs, params)
    const { input_batch_axis: from, output_batch_axis: to } = params
    if (from !== noBatchAxis || to !== noBatchAxis) return [reshapeBatch(samples, wanted, from, to, workspace)]
    const [first, ...others] = samples.map((x) => x.share(resolveShape(wanted, x.shape)))
    return [[first, ...others]]
  },
})

interface WantedShape {
  readonly w: number
  readonly h: number
  readonly d: number
  readonly c: number
  readonly shape_expr: string
}

/** Outermost first. */
function wantedLengths(inputs: readonly Samples[], params: WantedShape): number[] {
  if (params.shape_expr === '') return declaredLengths(params)
  const shapes = inputs.map(([{ shape }]) => shape)
  const batches = inputs.map((samples) => samples.length)
  return evaluateSizes(params.shape_expr, shapes, batches).reverse()
}

/** The lengths that are given, outermost first; they end at the first that is not. */
function declaredLengths({
  w,
  h,
  d,
  c,
}: {
  readonly w: number
  readonly h: number
  readonly d: number
  readonly c: number
}) {
  if (w === unset) return []
  if (h === unset) return [w]
  if (c === unset) return [h, w]
  return d === unset ? [c, h, w] : [c, d, h, w]
}

function resolveShape(wanted: readonly number[], shape: readonly number[]): number[] {
  if (wanted.length < 1 || wanted.length > 4) {
    throw new NcnnError(`a shape of 1 to 4 lengths must be given, found ${wanted.length}`)
  }
  // In one row ncnn puts all there is, whatever length was fixed at conversion.
  if (wanted.length === 1) return [sizeOf(shape)]
  const input = namedLengths(shape)
  const names = axisNames(wanted.length)
  const resolved = fillRemaining(
    wanted.map((length, axis) => (length === asInput ? input[names[axis]] : length)),
    shape,
  )
  // Between matrices ncnn compares heights only: a width that was fixed at conversion gives way to the input's.
  if (wanted.length === 2 && shape.length === 2 && resolved[0] === shape[0]) return [...shape]
  checkSize(resolved, shape)
  return resolved
}

/** Replaces the one length that is -1 by what the others leave. */
function fillRemaining(lengths: readonly number[], shape: readonly number[]): number[] {
  if (lengths.filter((length) => length === remaining).length > 1) {
    throw new NcnnError(`only one length may be -1, found ${formatShape(lengths)}`)
  }
  const others = lengths.reduce((product, length) => (length === remaining ? product : product * length), 1)
  return lengths.map((length) => (length === remaining ? Math.trunc(sizeOf(shape) / others) : length))
}

function checkSize(resolved: readonly number[], shape: readonly number[]): void {
  if (resolved.every((length) => length > 0) && sizeOf(resolved) === sizeOf(shape)) return
  throw new NcnnError(
    `the ${sizeOf(shape)} elements of ${formatShape(shape)} do not fit the shape ${formatShape(resolved)}`,
  )
}

/** The place of an axis that may be counted from the end, or of the batch among so many axes with it. */
function batchPlace(axis: number, rank: number): number {
  const place = axis < 0 ? axis + rank : axis
  if (place < 0 || place >= rank) throw new NcnnError(`batch axis ${axis} is none of ${rank} axes`)
  return place
}

/**
 * Reshapes with the batch as one of the axes: it enters at `inputAxis` and leaves at `outputAxis`, each of which may be none. Elements keep
 * the order that they have with those axes.
 */
function reshapeBatch(
  samples: Samples,
  wanted: readonly number[],
  inputAxis: number,
  outputAxis: number,
  { alloc, kernels }: Workspace,
): Samples {
  const [{ shape, dtype }] = samples
  if (inputAxis === noBatchAxis && samples.length > 1) {
    throw new NcnnError(`the input has a batch of ${samples.length}, but no axis is named for it (12)`)
  }
  const enters = inputAxis === noBatchAxis ? undefined : batchPlace(inputAxis, shape.length + 1)
  const input = enters === undefined ? shape : shape.toSpliced(enters, 0, samples.length)
  const output = fillRemaining(
    wanted.map((length, axis) => (length === asInput && axis < input.length ? input[axis] : length)),
    input,
  )
  checkSize(output, input)
  if (output.length > (outputAxis === noBatchAxis ? 4 : 5)) {
    throw new NcnnError(`a blob has 4 axes at most, found ${formatShape(output)}`)
  }
  const leaves = outputAxis === noBatchAxis ? undefined : batchPlace(outputAxis, output.length)
  if (leaves !== undefined && output.length < 2) throw new NcnnError('nothing is left besides the batch axis')

  const joined = alloc(input, dtype)
  for (const [index, sample] of samples.entries()) {
    copyStrided(shape, viewOf(sample), sliceOf(joined, enters, index), kernels)
  }
  if (leaves === undefined) {
    const whole = joined.share(output)
    joined.release()
    return [whole]
  }
  const reshaped = joined.share(output)
  const sampleShape = output.toSpliced(leaves, 1)
  const [first, ...others] = Array.from({ length: output[leaves] }, (_, index) => {
    const sample = alloc(sampleShape, dtype)
    copyStrided(sampleShape, sliceOf(reshaped, leaves, index), viewOf(sample), kernels)
    return sample
  })
  joined.release()
  reshaped.release()
  return [first, ...others]
}

/** The part of a blob that has one index along an axis; all of it where there is no such axis. */
function sliceOf(blob: Blob, axis: number | undefined, index: number): StridedView {
  const { data, offset, strides } = viewOf(blob)
  if (axis === undefined) return { data, offset, strides }
  return { data, offset: offset + index * strides[axis], strides: strides.toSpliced(axis, 1) }
}
