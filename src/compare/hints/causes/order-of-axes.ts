// Cause: the same values in another order: transposed, reversed, or read with another shape.
import { formatShape, sameShape } from '../../../tensor/shape.ts'
import { formatPermutation, permutationsOf } from '../../options/layout.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import type { Axis, Scene } from '../scene.ts'

export const orderOfAxes: Hypothesis = (scene) => {
  // what was normalized along an axis was not the same before the axes were exchanged
  if (scene.source.normalized) return []
  const named = [...transposed(scene), ...reversed(scene), ...rotated(scene), ...splitAxes(scene)].filter(
    ({ left }) => left < 1,
  )
  return named.length > 0 ? named : shuffled(scene)
}

const sameValues = 'both sides hold the same values in another order'

function transposed(scene: Scene): Finding[] {
  const { shape } = scene
  return permutationsOf(shape.length).flatMap((order): Finding[] => {
    const found: Finding[] = []
    const layout = () => `{ layout: '${formatPermutation(order)}' }`
    if (
      isMoved(order, shape) &&
      sameShape(
        order.map((axis) => shape[axis] ?? 1),
        shape,
      )
    ) {
      const left = leftOver(scene, gathered(scene, shape, order))
      if (left < 1) found.push({ code: 'axis-order', message: `${sameValues}: they agree with ${layout()}`, left })
    }
    const written = order.map((_, axis) => shape[order.indexOf(axis)] ?? 1)
    if (isMoved(order, written)) {
      const left = leftOver(scene, gathered(scene, written, order))
      if (left < 1) {
        const message = `${sameValues}: they agree when actual is given the shape its memory has, ${formatShape(written)}, and ${layout()}`
        found.push({ code: 'axis-order', message, left, parameters: sameShape(written, shape) ? 1 : 0 })
      }
    }
    return found
  })
}

/** Whether an order moves elements: axes of length 1 may change places freely. */
function isMoved(order: readonly number[], shape: readonly number[]): boolean {
  const moving = order.filter((axis) => (shape[axis] ?? 1) > 1)
  return moving.some((axis, i) => i > 0 && axis < (moving[i - 1] ?? 0))
}

/** The reference, if actual had `written` as its shape and were transposed. */
function gathered({ actual, reference, shape }: Scene, written: readonly number[], order: readonly number[]) {
  const strides = written.map((_, axis) => written.slice(axis + 1).reduce((product, length) => product * length, 1))
  const steps = order.map((axis) => strides[axis] ?? 0)
  const lengths = shape.map((length) => length)
  const at = (position: number): number => {
    let rest = position
    let source = 0
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      const length = lengths[axis] ?? 1
      source += (rest % length) * (steps[axis] ?? 0)
      rest = Math.floor(rest / length)
    }
    return actual.values[source]
  }
  return { target: reference, at }
}

/** Axes of which every combination is reversed. */
const mostReversed = 4

function reversed(scene: Scene): Finding[] {
  const { axes, actual, reference } = scene
  if (axes.length > mostReversed) return []
  return Array.from({ length: 2 ** axes.length - 1 }, (_, k) => axes.filter((_, i) => ((k + 1) >> i) & 1)).map(
    (chosen) => {
      const at = (position: number) => {
        let source = position
        for (const { length, stride } of chosen) {
          source += (length - 1 - 2 * (Math.floor(position / stride) % length)) * stride
        }
        return actual.values[source]
      }
      return {
        code: 'reversed',
        message: `${sameValues}: they agree with ${listAxes(chosen)} reversed${explainReversal(scene, chosen)}`,
        left: leftOver(scene, { target: reference, at }),
      }
    },
  )
}

const listAxes = (axes: readonly Axis[]) =>
  `${axes.length > 1 ? 'axes' : 'axis'} ${axes.map(({ index }) => index).join(' and ')}`

function explainReversal({ axes }: Scene, chosen: readonly Axis[]): string {
  const [height, width] = axes.length >= 2 ? axes.slice(isChannelLast(axes) ? -3 : -2) : []
  const [only] = chosen
  if (chosen.length === 2 && only === height && chosen[1] === width) return ': turned by 180 degrees'
  if (chosen.length > 1 || only === undefined) return ''
  if (only.length === 3 && axes.length > 1) return ': channels as BGR instead of RGB, or the other way round'
  if (only.length === 2) return ': its two slices are exchanged'
  if (axes.length < 3) return ''
  if (only === width) return ': mirrored, left to right'
  return only === height ? ': flipped, upside down' : ''
}

const isChannelLast = (axes: readonly Axis[]) => axes.length >= 3 && [3, 4].includes(axes.at(-1)?.length ?? 0)

/** Square images turned by a quarter: transposed, and one of the two axes reversed. */
function rotated(scene: Scene): Finding[] {
  const [height, width] = scene.axes.slice(isChannelLast(scene.axes) ? -3 : -2)
  if (scene.axes.length < 2 || height === undefined || width === undefined || height.length !== width.length) return []
  const last = height.length - 1
  return [true, false].map((clockwise) => {
    const at = (position: number) => {
      const [y, x] = [
        Math.floor(position / height.stride) % height.length,
        Math.floor(position / width.stride) % width.length,
      ]
      const [sourceY, sourceX] = clockwise ? [last - x, y] : [x, last - y]
      return scene.actual.values[position + (sourceY - y) * height.stride + (sourceX - x) * width.stride]
    }
    return {
      code: 'reversed',
      message: `${sameValues}: they agree when actual is turned by 90 degrees in axes ${height.index} and ${width.index}`,
      left: leftOver(scene, { target: scene.reference, at }),
    }
  })
}

/** Divisors of an axis that are tried as a number of groups. */
const mostGroups = 64

/** An axis that is two: groups and their members, exchanged, as in a channel shuffle or where gates or heads are interleaved. */
function splitAxes(scene: Scene): Finding[] {
  const { actual, reference } = scene
  return scene.axes.flatMap(({ index, length, stride }) =>
    Array.from({ length: Math.min(mostGroups, length / 2) - 1 }, (_, i) => i + 2)
      .filter((groups) => length % groups === 0 && groups < length)
      .map((groups) => {
        const members = length / groups
        const at = (position: number) => {
          const place = Math.floor(position / stride) % length
          const source = (place % groups) * members + Math.floor(place / groups)
          return actual.values[position + (source - place) * stride]
        }
        return {
          code: 'interleaved',
          message: `${sameValues}: they agree when axis ${index} of actual is read as [${groups}, ${members}] and these two are exchanged: a shuffle of channels, or interleaved groups`,
          left: leftOver(scene, { target: reference, at }),
          parameters: 1,
        }
      }),
  )
}

/** Sorted values must agree to this share of the squared error before an order without a name is blamed: two samples of one distribution, sorted, come close as well. */
const mostLeftSorted = 1e-8

/** Any cause that puts the values in their places says more. */
const unnamed = 1e-6

/** Fewer different values are in some order by chance: a one-hot vector, a mask. */
const leastDistinct = 8

/** More are not sorted for the sake of a hint, but compared by a sum over all elements that does not mind their order. */
const mostSorted = 2 ** 16

function shuffled(scene: Scene): Finding[] {
  const { actual, reference, error, length, finitePairs } = scene
  const similar = (x: number, y: number) => Math.abs(x - y) <= 1e-3 * Math.max(Math.abs(x), Math.abs(y))
  if (finitePairs < length || !similar(actual.power, reference.power) || !similar(actual.spread, reference.spread))
    return []
  if (!similar(actual.min, reference.min) || !similar(actual.max, reference.max)) return []
  const message = `${sameValues}: look for a shuffled axis, a transpose or a reshape`
  if (length > mostSorted) {
    // equal but for the rounding of sums in another order
    if (Math.abs(actual.power - reference.power) > 1e-9 * reference.power) return []
    return sumOfHashes(actual.values) === sumOfHashes(reference.values)
      ? [{ code: 'unnamed-order', message, left: unnamed, evidence: 'a sum over all bits is equal' }]
      : []
  }
  const [a, r] = [actual.values.slice().sort(), reference.values.slice().sort()]
  let [missed, distinct] = [0, 1]
  for (let i = 0; i < length; i++) {
    missed += (a[i] - r[i]) ** 2
    if (i > 0 && r[i] !== r[i - 1]) distinct++
  }
  const left = missed / error
  if (!(left <= mostLeftSorted) || distinct < leastDistinct) return []
  return [{ code: 'unnamed-order', message, left: unnamed, evidence: 'sorted, they are equal' }]
}

function sumOfHashes(values: Float64Array): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  let sum = 0
  for (let i = 0; i < words.length; i += 2) {
    let hash = Math.imul(words[i] ^ Math.imul(words[i + 1], 0x9e3779b1), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    sum += (hash ^ (hash >>> 16)) >>> 0
  }
  return sum
}
