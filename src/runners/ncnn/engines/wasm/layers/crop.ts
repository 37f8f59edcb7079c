// Crop: the part of a blob that lies within a window.
import { formatShape, sameShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { int, ints, type ParamValues, string } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { checkAxes, oneToOne } from '../param-checks.ts'
import { axisNames, chosenAxes, namedLengths } from '../shapes/axes.ts'
import { evaluateSizes, refersToOthers } from '../shapes/expression.ts'
import { readIntegers } from '../shapes/integers.ts'

const cropParams = {
  woffset: int(0),
  hoffset: int(1),
  doffset: int(13),
  coffset: int(2),
  outw: int(3),
  outh: int(4),
  outd: int(14),
  outc: int(5),
  woffset2: int(6),
  hoffset2: int(7),
  doffset2: int(15),
  coffset2: int(8),
  starts: ints(9),
  ends: ints(10),
  axes: ints(11),
  starts_expr: string(19),
  ends_expr: string(20),
  axes_expr: string(21),
} as const

type CropParams = ParamValues<typeof cropParams>

/** Stands for "from the beginning", "to the end", or "all that is left". */
const unset = -233

/** Along each axis, outermost first. */
interface Window {
  readonly starts: number[]
  readonly lengths: number[]
}

/** y = x[window]; the window comes from parameters, from expressions, or from the second input */
export const Crop = defineLayer({
  type: 'Crop',
  binaryId: 7,
  inputs: '1+',
  elements: 'moved',
  stores16: true,
  params: cropParams,
  check(params, layer) {
    const { starts, ends, axes } = params
    checkAxes(axes)
    const counts = [starts, ends, ...(axes.length > 0 ? [axes] : [])].map(({ length }) => length)
    if (counts.some((count) => count !== counts[0])) {
      throw new NcnnError(
        `starts, ends and axes must be as many as each other, found ${starts.length}, ${ends.length} and ${axes.length}`,
      )
    }
    const { starts_expr, ends_expr, axes_expr } = params
    const expressions = [starts_expr, ends_expr, axes_expr]
    const isGiven = starts_expr !== '' || starts.length > 0 || hasOffsets(params)
    if (isGiven && !expressions.some(refersToOthers)) oneToOne(layer)
  },
  forward(inputs, { params }, workspace) {
    const [x] = inputs
    const window = resolveWindow(inputs, params)
    if (sameShape(window.lengths, x.shape)) return x.share()
    checkWindow(window, x.shape)
    const y = workspace.alloc(window.lengths, x.dtype)
    copyStrided(y.shape, viewOf(x, window.starts), viewOf(y), workspace.kernels)
    return y
  },
})

function resolveWindow(inputs: readonly [Blob, ...Blob[]], params: CropParams): Window {
  const shapes = inputs.map((input) => input.shape)
  const [shape] = shapes
  const { starts, ends, axes, starts_expr, ends_expr, axes_expr } = params
  if (starts_expr && ends_expr) {
    const evaluate = (expression: string): number[] => evaluateSizes(expression, shapes)
    return windowFromSlices(evaluate(starts_expr), evaluate(ends_expr), axes_expr ? evaluate(axes_expr) : [], shape)
  }
  if (starts.length > 0 && ends.length > 0) return windowFromSlices(starts, ends, axes, shape)
  if (hasOffsets(params)) return windowFromOffsets(params, shape)
  const [, reference] = inputs
  if (reference === undefined) {
    throw new NcnnError('without a size among its parameters, Crop needs a second input that has the wanted shape')
  }
  return params.woffset === unset
    ? windowFromBlob(readIntegers(reference), shape)
    : windowLike(reference.shape, params, shape)
}

/** `x[start:end]` along each of `axes`, as numpy writes it, except that an end of 0 is the end of the axis. */
function windowFromSlices(
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  shape: readonly number[],
): Window {
  const count = axes.length || shape.length
  if (starts.length < count || ends.length < count) {
    throw new NcnnError(`${count} axes need as many starts and ends, found ${starts.length} and ${ends.length}`)
  }
  const window = { starts: shape.map(() => 0), lengths: [...shape] }
  for (let i = 0; i < count; i++) {
    const [axis] = chosenAxes([axes.length > 0 ? axes[i] : i], shape.length)
    if (axis === undefined) continue
    const length = shape[axis]
    const start = starts[i] === unset ? 0 : starts[i]
    const end = ends[i] === unset ? length : ends[i]
    window.starts[axis] = start >= 0 ? start : start + length
    window.lengths[axis] = Math.min(length, end > 0 ? end : end + length) - window.starts[axis]
  }
  return window
}

/** Whether the parameters say how much to take, or to leave at the end. */
function hasOffsets(params: CropParams): boolean {
  const { outw, outh, outd, outc, woffset2, hoffset2, doffset2, coffset2 } = params
  return [outw, outh, outd, outc, woffset2, hoffset2, doffset2, coffset2].some((value) => value !== 0)
}

/** Leaves out `offset` elements before and `offset2` behind, and takes at most `out` of the rest. */
function windowFromOffsets(params: CropParams, shape: readonly number[]): Window {
  const names = axisNames(shape.length)
  return {
    starts: names.map((name) => params[`${name}offset`]),
    lengths: names.map((name, axis) => {
      const rest = shape[axis] - params[`${name}offset`] - params[`${name}offset2`]
      const out = params[`out${name}`]
      return out === unset ? rest : Math.min(out, rest)
    }),
  }
}

/** As large as the reference; channels are kept when the reference has fewer axes. */
function windowLike(reference: readonly number[], params: CropParams, shape: readonly number[]): Window {
  const names = axisNames(shape.length)
  const lengths = namedLengths(reference)
  return {
    starts: names.map((name) => params[`${name}offset`]),
    lengths: names.map((name, axis) =>
      name === 'c' && reference.length !== shape.length ? shape[axis] : lengths[name],
    ),
  }
}

/** The second input holds offsets, then lengths, innermost axis first: `[w, h, c, w, h, c]`, with d before c for 4 axes. */
function windowFromBlob(values: readonly number[], shape: readonly number[]): Window {
  const order = shape.length === 4 ? 'whdc' : 'whc'
  const needed = order.length + (shape.length === 4 ? 4 : shape.length)
  if (values.length < needed)
    throw new NcnnError(`the second input must hold ${needed} integers, it has ${values.length}`)
  const names = axisNames(shape.length)
  return {
    starts: names.map((name) => values[order.indexOf(name)]),
    lengths: names.map((name) => values[order.length + order.indexOf(name)]),
  }
}

function checkWindow({ starts, lengths }: Window, shape: readonly number[]): void {
  const inside = shape.every(
    (size, axis) => starts[axis] >= 0 && lengths[axis] > 0 && starts[axis] + lengths[axis] <= size,
  )
  if (inside) return
  throw new NcnnError(
    `a window of ${formatShape(lengths)} from ${formatShape(starts)} on is empty or reaches beyond ${formatShape(shape)}`,
  )
}
