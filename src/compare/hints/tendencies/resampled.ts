// Tendency: errors as a displacement of part of an element makes them, growing from edge to edge: an image resampled by another rule.
import { formatNumber, formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import type { Axis, Scene } from '../scene.ts'

/** Shorter axes are no images. */
const leastLength = 8

/** The least share of the squared error that displacements account for, and the largest displacement of which a slope tells. */
const leastExplained = 0.75
const mostDisplaced = 2

/** How many elements must share the error: a wild one is a slope as well as an error. */
const leastSpread = 100

/**
 * To first order the error of a displaced image is the displacement times the slope along the axis. The displacement between two rules
 * of resampling is a line in the position along each axis: two unknowns for each of two axes, fitted to all elements inside.
 */
export const resampled: Hypothesis = (scene) => {
  const { axes, finitePairs, length, errorSpread } = scene
  if (finitePairs < length || axes.length < 2 || errorSpread < leastSpread) return []
  const choices = [axes.slice(-2), ...(axes.length > 2 ? [axes.slice(-3, -1)] : [])]
  return choices.flatMap(([height, width]) =>
    height && width && Math.min(height.length, width.length) >= leastLength ? tryAxes(scene, height, width) : [],
  )
}

function tryAxes(scene: Scene, height: Axis, width: Axis): Finding[] {
  const { products, targets, error } = gather(scene, height, width)
  const shifts = solve(products, targets)
  if (shifts === undefined) return []
  const explained = shifts.reduce((sum, shift, i) => sum + shift * (targets[i] ?? 0), 0) / error
  const [offsetY = 0, growthY = 0, offsetX = 0, growthX = 0] = shifts
  const ends = [offsetY - growthY, offsetY + growthY, offsetX - growthX, offsetX + growthX]
  if (!(explained >= leastExplained) || ends.some((end) => Math.abs(end) > mostDisplaced)) return []
  const along = (axis: Axis, i: number) =>
    `axis ${axis.index} by ${formatNumber(ends[i] ?? 0)} elements at the start and ${formatNumber(ends[i + 1] ?? 0)} at the end`
  return [
    {
      code: 'resampled',
      message: `actual looks like the reference displaced along ${along(height, 0)}, ${along(width, 2)}: look for a resize with another align_corners, half-pixel rule or scale`,
      left: 0,
      evidence: `explains ${formatShare(explained)} of the squared error to first order`,
    },
  ]
}

interface Equations {
  readonly products: number[][]
  readonly targets: number[]
  readonly error: number
}

/** Looks at no more elements than this. */
const mostSampled = 2 ** 16

/** The normal equations of the displacements: each axis' slope, and the slope times the position from -1 to 1. */
function gather({ actual, reference, length }: Scene, height: Axis, width: Axis): Equations {
  const products = Array.from({ length: 4 }, () => [0, 0, 0, 0])
  const targets = [0, 0, 0, 0]
  let error = 0
  // odd, and so out of step with most axes
  const step = Math.max(1, Math.ceil(length / mostSampled)) | 1
  for (let i = 0; i < length; i += step) {
    const y = Math.floor(i / height.stride) % height.length
    const x = Math.floor(i / width.stride) % width.length
    if (y === 0 || x === 0 || y === height.length - 1 || x === width.length - 1) continue
    const [slopeY, slopeX] = [
      slopeAt(actual.values, reference.values, i, height),
      slopeAt(actual.values, reference.values, i, width),
    ]
    const terms = [
      slopeY,
      slopeY * ((2 * y) / (height.length - 1) - 1),
      slopeX,
      slopeX * ((2 * x) / (width.length - 1) - 1),
    ]
    const difference = actual.values[i] - reference.values[i]
    error += difference * difference
    terms.forEach((term, k) => {
      targets[k] = (targets[k] ?? 0) + term * difference
      const row = products[k] as number[]
      terms.forEach((other, j) => {
        row[j] = (row[j] ?? 0) + term * other
      })
    })
  }
  return { products, targets, error }
}

/** The mean of both sides' slopes, which is that halfway between them. */
function slopeAt(a: Float64Array, r: Float64Array, i: number, { stride }: Axis): number {
  return (a[i + stride] - a[i - stride] + r[i + stride] - r[i - stride]) / 4
}

/** Gaussian elimination; undefined when the equations do not determine the unknowns. */
function solve(products: readonly (readonly number[])[], targets: readonly number[]): number[] | undefined {
  const rows = products.map((row, i) => [...row, targets[i] ?? 0])
  const scale = Math.max(...products.map((row, i) => row[i] ?? 0))
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows[k] as number[]
    const divisor = pivot[k] ?? 0
    // the matrix is symmetric and has no negative eigenvalues: no pivoting
    if (!(divisor > 1e-9 * scale)) return undefined
    for (const row of rows) {
      if (row === pivot) continue
      const factor = (row[k] ?? 0) / divisor
      pivot.forEach((value, j) => {
        row[j] = (row[j] ?? 0) - factor * value
      })
    }
  }
  return rows.map((row, k) => (row.at(-1) ?? 0) / (row[k] ?? 1))
}
