// ncnn's names for the axes of a blob: w is the innermost axis of every rank, c the outermost of ranks 3 and 4.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'

export type AxisName = 'w' | 'h' | 'd' | 'c'

const namesByRank: readonly (readonly AxisName[])[] = [[], ['w'], ['h', 'w'], ['c', 'h', 'w'], ['c', 'd', 'h', 'w']]

/** Names of the axes of a blob of this rank, outermost first. */
export function axisNames(rank: number): readonly AxisName[] {
  return namesByRank[rank]
}

/** Lengths by name; 1 for the axes that the rank does not have, as in ncnn's `Mat`. */
export function namedLengths(shape: readonly number[]): Readonly<Record<AxisName, number>> {
  const lengths = { w: 1, h: 1, d: 1, c: 1 }
  for (const [axis, name] of axisNames(shape.length).entries()) lengths[name] = shape[axis]
  return lengths
}

/** The shape of a blob of this rank, from its lengths by name. */
export function shapeOf(rank: number, lengths: Readonly<Record<AxisName, number>>): number[] {
  return axisNames(rank).map((name) => lengths[name])
}

/**
 * A shape as a layer sees it that reads at most `rank` of ncnn's lengths and not how many axes there are: w, w and h, or w, h and c. What it
 * does not read must be 1, for ncnn would pass over all elements but the first there.
 */
export function asRank(shape: readonly number[], rank: number): readonly number[] {
  if (shape.length <= rank) return shape
  const { c, d, h, w } = namedLengths(shape)
  if (rank === 3 && d === 1) return [c, h, w]
  if (rank === 2 && d === 1 && c === 1) return [h, w]
  if (rank === 1 && d === 1 && c === 1 && h === 1) return [w]
  throw new NcnnError(`expected an input of at most ${rank} axes, or others of length 1, found [${shape.join(', ')}]`)
}

/** Checks that a blob has elements: over none, ncnn leaves windows as their memory was. */
export function refuseEmpty(shape: readonly number[]): void {
  if (shape.includes(0)) throw new NcnnError(`the input, ${formatShape(shape)}, has no elements`)
}

/** Where no layer tells pnnx which axis is the batch, it converts a network with it. */
export const keptBatch = '. If the network was converted with its batch axis, feed that as well: [1, ...]'

/** The position of an axis that may be counted from the end. */
export function resolveAxis(axis: number, rank: number): number {
  const position = axis < 0 ? axis + rank : axis
  if (position < 0 || position >= rank) {
    const advice = position === rank ? keptBatch : ''
    throw new NcnnError(`axis ${axis} does not exist in a blob of ${rank} ${rank === 1 ? 'axis' : 'axes'}${advice}`)
  }
  return position
}

/** The positions of those axes that a blob of this rank has; ncnn passes over the others. */
export function existingAxes(axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => (axis < 0 ? axis + rank : axis)).filter((axis) => axis >= 0 && axis < rank)
}

/** As {@link existingAxes}, where a blob of one axis has no choice. */
export const chosenAxes = (axes: readonly number[], rank: number): number[] =>
  rank === 1 ? [0] : existingAxes(axes, rank)

/** Checks that a blob has one of the ranks a layer works on. */
export function checkRank(shape: readonly number[], ...ranks: readonly number[]): void {
  if (ranks.includes(shape.length)) return
  throw new NcnnError(`the input must have ${ranks.join(' or ')} axes, it has ${shape.length}`)
}

/** The axis a layer works along; blobs of one axis have no choice, whatever the parameter says. */
export const alongAxis = (axis: number, rank: number): number => (rank === 1 ? 0 : resolveAxis(axis, rank))
