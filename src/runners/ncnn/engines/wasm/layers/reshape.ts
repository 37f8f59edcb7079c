// Reshape: the same elements under another shape.
import { formatShape, sizeOf } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int, string } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { axisNames, namedLengths } from '../shapes/axes.ts'
import { evaluateSizes } from '../shapes/expression.ts'

/** Lengths in Reshape: one that is not given, one that is what remains, one that is as in the input. */
const unset = -233

const remaining = -1

const asInput = 0

/** "This blob has no batch axis" among Reshape's parameters. */
const noBatchAxis = 233

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
    input_batch_axis: int(12, noBatchAxis),
    output_batch_axis: int(13, noBatchAxis),
  },
  forward(inputs, { params }) {
    const [x] = inputs
    const { shape_expr, input_batch_axis, output_batch_axis } = params
    const wanted = shape_expr
      ? evaluateSizes(
          shape_expr,
          inputs.map(({ shape }) => shape),
        ).reverse()
      : declaredLengths(params)
    if (input_batch_axis === noBatchAxis && output_batch_axis === noBatchAxis) {
      return x.share(resolveShape(wanted, x.shape))
    }
    return x.share(resolveBatchedShape(wanted, x.shape, input_batch_axis, output_batch_axis))
  },
})

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

/**
 * Shapes that count the batch as an axis: it enters at `inputAxis` and leaves at `outputAxis`. The engine runs samples one by
 * one, so that the batch has length 1.
 */
function resolveBatchedShape(
  wanted: readonly number[],
  shape: readonly number[],
  inputAxis: number,
  outputAxis: number,
): number[] {
  const at = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)
  const input = inputAxis === noBatchAxis ? shape : shape.toSpliced(at(inputAxis, shape.length + 1), 0, 1)
  const resolved = fillRemaining(
    wanted.map((length, axis) => (length === asInput && axis < input.length ? input[axis] : length)),
    shape,
  )
  checkSize(resolved, shape)
  if (outputAxis === noBatchAxis) return resolved
  const batchAxis = at(outputAxis, resolved.length)
  if (resolved[batchAxis] !== 1 || resolved.length < 2) {
    throw new NcnnError(
      `axis ${outputAxis} of ${formatShape(resolved)} would become a batch; only one of length 1 can, as samples run one by one`,
    )
  }
  return resolved.toSpliced(batchAxis, 1)
}
