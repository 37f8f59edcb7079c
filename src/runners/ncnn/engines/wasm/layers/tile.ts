// Tile: a blob repeated along its axes.
import { rowMajorStrides, sizeOf } from '../../../../../tensor/shape.ts'
import { int, ints } from '../../../params.ts'
import { defineLayer } from '../layer.ts'
import { copyStrided, viewOf } from '../operations/strided-copy.ts'
import { atLeast, within } from '../param-checks.ts'
import { type AxisName, axisNames, namedLengths, shapeOf } from '../shapes/axes.ts'

type Repeats = Readonly<Record<AxisName, number>>

/** y = x repeated `tiles` times along `axis`, or as often as `repeats` says for each axis; more repeats than axes add axes */
export const Tile = defineLayer({
  type: 'Tile',
  binaryId: 37,
  inputs: '1',
  elements: 'moved',
  stores16: false,
  params: { axis: int(0), tiles: int(1, 1), repeats: ints(2) },
  check({ axis, tiles, repeats }) {
    if (repeats.length === 0) {
      within(0, 3, { axis })
      atLeast(1, { tiles })
    }
    within(0, 4, { 'the number of repeats': repeats.length })
    for (const count of repeats) atLeast(1, { repeats: count })
  },
  forward([x], { params: { axis, tiles, repeats } }, workspace) {
    const rank = Math.max(x.shape.length, repeats.length)
    const times = repeats.length > 0 ? alignRepeats(repeats, x.shape.length) : repeatAlong(axis, tiles, x.shape.length)
    const lengths = namedLengths(x.shape)
    const names = axisNames(rank)
    const shape = names.map((name) => lengths[name] * times[name])
    if (sizeOf(shape) === x.length) return x.share(shape)

    // Each axis becomes two: how often it is repeated, where the source does not move, and the axis itself.
    const y = workspace.alloc(shape, x.dtype)
    const strides = rowMajorStrides(shapeOf(rank, lengths))
    const target = viewOf(y)
    copyStrided(
      names.flatMap((name) => [times[name], lengths[name]]),
      { data: x.data, offset: 0, strides: strides.flatMap((stride) => [0, stride]) },
      { ...target, strides: target.strides.flatMap((stride, i) => [stride * lengths[names[i]], stride]) },
      workspace.kernels,
    )
    return y
  },
})

const once: Repeats = { w: 1, h: 1, d: 1, c: 1 }

/** ncnn leaves a blob as it is when it does not have the axis; one with a single axis has no choice. */
function repeatAlong(axis: number, tiles: number, rank: number): Repeats {
  const name = rank === 1 ? 'w' : axisNames(rank)[axis]
  return name === undefined ? once : { ...once, [name]: tiles }
}

/** Repeats belong to the innermost axes of a blob that has at least as many. */
function alignRepeats(repeats: readonly number[], rank: number): Repeats {
  const names = axisNames(Math.max(rank, repeats.length))
  const skipped = names.length - repeats.length
  return { ...once, ...Object.fromEntries(repeats.map((count, i) => [names[skipped + i], count])) }
}
