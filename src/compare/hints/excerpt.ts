// A small tensor made of some slices of every axis: what holds for all slices is tried on it before all elements are read.
import { type Scene, type Side, sceneOf } from './scene.ts'

/** How many elements it has, about. */
const excerptLength = 1024

/** Below this length everything is read at once. */
const leastLength = 8 * excerptLength

/** How much more or less error it may have than its share. */
const mostUneven = 2

/** How many elements must share its error. */
const leastSpread = 64

/** By one of the sides, which all copies of a scene share. */
const known = new WeakMap<Side, Scene | undefined>()

/**
 * The excerpt of a scene, with axes of the same number and order; undefined where it might mislead: the tensor is small, or the error
 * lies in so few slices or elements that it may have missed them.
 */
export function excerptOf(scene: Scene): Scene | undefined {
  const { reference } = scene
  if (!known.has(reference)) known.set(reference, isLarge(scene) ? cutOut(scene) : undefined)
  return known.get(reference)
}

const isLarge = ({ length, finitePairs }: Scene) => length >= leastLength && finitePairs === length

/** Whether the few elements of the sample have their share of the error, and many of them: then they tell where it lies. */
export function fewAreTelling({ few, differing, error, actual, reference, length, finitePairs }: Scene): boolean {
  if (length < leastLength || finitePairs < length) return false
  let fourths = 0
  for (let k = 0; k < few.differing.length; k++) {
    const i = few.differing[k]
    const distance = actual.values[i] - reference.values[i]
    fourths += distance * distance * distance * distance
  }
  return isTelling(few.error / few.differing.length, error / differing, few.error ** 2 / fourths)
}

function isTelling(mean: number, wholeMean: number, spread: number): boolean {
  return mean < mostUneven * wholeMean && mean > wholeMean / mostUneven && spread >= leastSpread
}

function cutOut(scene: Scene): Scene | undefined {
  const { axes, actual, reference, source, error, length } = scene
  const most = longestAxis(axes.map((axis) => axis.length))
  let positions = [0]
  for (const axis of axes) {
    const chosen = chooseSlices(axis.length, Math.min(axis.length, most))
    positions = positions.flatMap((start) => chosen.map((slice) => start + slice * axis.stride))
  }
  const pick = (values: Float64Array) => Float64Array.from(positions, (position) => values[position])
  // axes of length 1 stay, so that the others keep their names
  const shape = scene.shape.map((size) => Math.min(size, most))
  const excerpt = sceneOf(source, shape, [actual.dtype, reference.dtype], pick(actual.values), pick(reference.values))
  return isTelling(excerpt.error / excerpt.length, error / length, excerpt.errorSpread) ? excerpt : undefined
}

/** What the axes are cut to. */
function longestAxis(lengths: readonly number[]): number {
  const sizeAt = (most: number) => lengths.reduce((size, length) => size * Math.min(length, most), 1)
  let most = Math.max(2, Math.floor(excerptLength ** (1 / lengths.length)))
  while (sizeAt(most + 1) <= excerptLength) most++
  return most
}

/** Evenly spread, but out of step. */
function chooseSlices(length: number, count: number): number[] {
  const step = length / count
  return Array.from({ length: count }, (_, k) =>
    step === 1 ? k : Math.floor((k + 0.99 * ((k * 0.6180339887498949) % 1)) * step),
  )
}
