// Padding: a border around a blob, of a constant, of its edge, or of its mirror image.
import { sameShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import { float, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer, type Workspace } from '../layer.ts'
import type { Blob, BlobArray } from '../memory/blob.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { within } from '../param-checks.ts'
import { axisNames } from '../shapes/axes.ts'

const paddingTypes = ['constant', 'replicate', 'reflect'] as const
const constantType = 0

/** Marks positions outside the input that hold the constant. */
const outside = -1

/** y = x with `left` and `right` columns, `top` and `bottom` rows, `front` and `behind` channels (4 axes: depths) around it */
export const Padding = defineLayer({
  type: 'Padding',
  binaryId: 43,
  inputs: '1',
  // A constant is a float, or cut to int8: ncnn puts its bits among integers of 32 bits.
  elements: ({ type, value, per_channel_pad_data_size }) => ({
    reads: type === 0 && (value !== 0 || per_channel_pad_data_size > 0) ? 'float32' : undefined,
    writes: undefined,
    takesInt8: true,
  }),
  stores16: true,
  params: {
    top: int(0),
    bottom: int(1),
    left: int(2),
    right: int(3),
    type: int(4),
    value: float(5),
    per_channel_pad_data_size: int(6),
    front: int(7),
    behind: int(8),
  },
  check: ({ type }) => within(0, paddingTypes.length - 1, { type }),
  weights: ({ per_channel_pad_data_size }) => ({
    per_channel_pad_data: per_channel_pad_data_size ? raw(per_channel_pad_data_size) : undefined,
  }),
  prepare: (): { last?: Layout } => ({}),
  forward([x], { params, weights: { per_channel_pad_data }, prepared }, workspace) {
    const { last } = prepared
    const layout = last && sameShape(last.from, x.shape) ? last : layoutFor(x.shape, params)
    prepared.last = layout
    const { shape, starts, padsRowsOnly } = layout
    if (sameShape(shape, x.shape)) return x.share()
    const y = workspace.alloc(shape, x.dtype)
    const perChannel = x.shape.length >= 3 ? per_channel_pad_data : undefined
    const constantOf = constants(y, params.value, perChannel)
    const isUniform = params.type === constantType && perChannel === undefined
    if (isUniform) fillAll(y, constantOf(0), workspace)
    if (isUniform || padsRowsOnly) copyStrided(x.shape, viewOf(x), viewOf(y, starts), workspace.kernels)
    if (isUniform) return y
    layout.sources ??= starts.map((before, axis) => sourcePositions(params.type, x.shape[axis], before, shape[axis]))
    if (padsRowsOnly) fillBorders(x, y, layout.sources, starts, constantOf)
    else fill(x, y, layout.sources, starts, constantOf)
    return y
  },
})

/** Where the elements of a blob of one shape go. */
interface Layout {
  readonly from: readonly number[]
  readonly shape: readonly number[]
  /** Where the input begins in the result. */
  readonly starts: readonly number[]
  /** There is nothing to pad along any axis but the innermost. */
  readonly padsRowsOnly: boolean
  /** For each axis: what the positions repeat, once somebody has asked. */
  sources?: readonly Int32Array[]
}

interface Pads {
  readonly top: number
  readonly bottom: number
  readonly left: number
  readonly right: number
  readonly front: number
  readonly behind: number
}

function layoutFor(from: readonly number[], { top, bottom, left, right, front, behind }: Pads): Layout {
  const rank = from.length
  const byName = { w: [left, right], h: [top, bottom], d: [front, behind], c: rank === 3 ? [front, behind] : [0, 0] }
  const pads = axisNames(rank).map((name) => byName[name])
  const least = Math.min(...pads.flat())
  if (least < 0) throw new NcnnError(`a padding cannot be negative, found ${least}`)
  return {
    from,
    shape: from.map((length, axis) => pads[axis][0] + length + pads[axis][1]),
    starts: pads.map(([before]) => before),
    padsRowsOnly: pads
      .slice(0, -1)
      .flat()
      .every((pad) => pad === 0),
  }
}

function fillAll(y: Blob, constant: number, { kernels }: Workspace): void {
  if (y.dtype === 'float32') kernels.fill({ destination: y.ptr, n: y.length, value: constant })
  else y.data.fill(constant)
}

/** For each position along an axis of the result, the input's position that it repeats. */
function sourcePositions(kind: number, length: number, before: number, padded: number): Int32Array {
  const type = paddingTypes[kind]
  const most = Math.max(before, padded - length - before)
  if (type === 'reflect' && most >= length) {
    throw new NcnnError(`${length} elements cannot be mirrored over a padding of ${most}`)
  }
  const last = length - 1
  const positions = new Int32Array(padded)
  for (let i = 0; i < positions.length; i++) {
    const position = i - before
    if (type === 'constant') positions[i] = position < 0 || position > last ? outside : position
    else if (type === 'replicate') positions[i] = Math.min(Math.max(position, 0), last)
    else positions[i] = last - Math.abs(last - Math.abs(position))
  }
  return positions
}

/** The constant of each of the result's outermost positions. */
function constants(y: Blob, value: number, perChannel: Blob | undefined): (channel: number) => number {
  const toElement = y.dtype === 'float32' || y.dtype === 'float64' ? (constant: number) => constant : Math.trunc
  if (perChannel === undefined) {
    const constant = toElement(value)
    return () => constant
  }
  const [channels] = y.shape
  if (perChannel.length < channels) {
    throw new NcnnError(`per_channel_pad_data has ${perChannel.length} values for ${channels} channels`)
  }
  return (channel) => toElement(perChannel.data[channel])
}

/** Fills what lies before and behind the rows of x in those of y, which are as many. */
function fillBorders(
  x: Blob,
  y: Blob,
  sources: readonly Int32Array[],
  starts: readonly number[],
  constantOf: (channel: number) => number,
): void {
  const columns = sources[sources.length - 1]
  const left = starts[starts.length - 1]
  const width = x.shape[x.shape.length - 1]
  const [source, target] = [x.data, y.data]
  const rows = y.length / columns.length
  const rowsPerChannel = rows / (y.shape.length > 1 ? y.shape[0] : 1)
  for (let row = 0; row < rows; row++) {
    const constant = constantOf(Math.floor(row / rowsPerChannel))
    const [from, to] = [row * width, row * columns.length]
    fillBorder(source, from, target, to, columns, 0, left, constant)
    fillBorder(source, from, target, to, columns, left + width, columns.length, constant)
  }
}

/** Fills y row by row: each row repeats one of x's rows or holds the constant. */
function fill(
  x: Blob,
  y: Blob,
  sources: readonly Int32Array[],
  starts: readonly number[],
  constantOf: (channel: number) => number,
): void {
  const columns = sources[sources.length - 1]
  const left = starts[starts.length - 1]
  const outer = sources.slice(0, -1)
  const width = x.shape[x.shape.length - 1]
  const [source, target] = [x.data, y.data]
  const rows = y.length / columns.length
  const rowsPerChannel = rows / (outer.length > 0 ? outer[0].length : 1)
  for (let row = 0; row < rows; row++) {
    const constant = constantOf(Math.floor(row / rowsPerChannel))
    const from = sourceRow(row, outer, x.shape)
    const to = row * columns.length
    if (from === outside) {
      target.fill(constant, to, to + columns.length)
      continue
    }
    fillBorder(source, from * width, target, to, columns, 0, left, constant)
    target.set(source.subarray(from * width, (from + 1) * width), to + left)
    fillBorder(source, from * width, target, to, columns, left + width, columns.length, constant)
  }
}

/** The input's row that a row of the result repeats. */
function sourceRow(row: number, outer: readonly Int32Array[], shape: readonly number[]): number {
  let rest = row
  let from = 0
  let stride = 1
  for (let axis = outer.length - 1; axis >= 0; axis--) {
    const positions = outer[axis]
    const position = positions[rest % positions.length]
    if (position === outside) return outside
    from += position * stride
    rest = Math.floor(rest / positions.length)
    stride *= shape[axis]
  }
  return from
}

function fillBorder(
  source: BlobArray,
  from: number,
  target: BlobArray,
  to: number,
  columns: Int32Array,
  start: number,
  end: number,
  constant: number,
): void {
  for (let i = start; i < end; i++) target[to + i] = columns[i] === outside ? constant : source[from + columns[i]]
}
