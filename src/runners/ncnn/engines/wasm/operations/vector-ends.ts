// Which elements do not fill a vector where ncnn's ARM code takes an activation: those it computes one by one, with other roundings.
import { type ArmLayout, packOf } from '../precision/arm-layout.ts'

/** The last `rest` elements of each of `count` runs of `size`, by their places. */
export function lastOfEach(count: number, size: number, rest: number): number[] {
  return Array.from({ length: count * rest }, (_, i) => (Math.floor(i / rest) + 1) * size - rest + (i % rest))
}

/** The last elements of each channel, or of a blob of one or two axes, as they lie in ncnn's memory, that do not fill `lanes` of a vector. */
export function behindVectors(shape: readonly number[], layout: ArmLayout, lanes: number): number[] {
  const pack = packOf(shape[0], layout)
  if (pack >= lanes) return []
  const length = shape.reduce((product, axis) => product * axis, 1)
  const hasChannels = shape.length > 2
  const channels = hasChannels ? shape[0] : 1
  const size = length / channels
  if (pack === 1) return lastOfEach(channels, size, size % lanes)
  if ((hasChannels ? size * pack : size) % lanes === 0) return []
  // A block of four is left: the last element of each channel, or of each of the last four rows.
  if (hasChannels) return lastOfEach(channels, size, 1)
  const row = length / shape[0]
  return Array.from({ length: pack }, (_, i) => length - 1 - i * row)
}
