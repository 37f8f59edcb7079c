// Tendency: errors as a displacement of part of an element makes them, growing from edge to edge: an image resampled by another rule.

import { formatNumber, formatShare } from '../../../tensor/numbers.ts'
import { blockLength } from '../block-length.ts'
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
  if (isInPlace(scene, height, width)) return []
  for (const count of fewSampled) {
    if (scene.length > 2 * count && explainsTooLittle(fitTo(scene, height, width, count))) return []
  }
  const { shifts, explained } = fitTo(scene, height, width, mostSampled)
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

/** Whether most elements are equal on both sides, and not because the image is flat there: then nothing was displaced. */
function isInPlace({ actual, reference, few, length, differing }: Scene, height: Axis, width: Axis): boolean {
  if (differing > length / 2) return false
  const [a, r] = [actual.values, reference.values]
  const isSteep = (i: number) =>
    Math.abs(slopeAt(a, r, i, height.stride)) > 0 && Math.abs(slopeAt(a, r, i, width.stride)) > 0
  return few.equal.filter(isSteep).length > few.equal.length / 2
}

/** Looks at no more elements than this, and at fewer first. */
const mostSampled = 2 ** 16
const fewSampled = [2 ** 9, 2 ** 12]

/** How many of few elements must share their error to tell anything of all. */
const leastSpreadOfFew = 8

/** Whether displacements explain so little of few elements that chance cannot be why: the more share the error, the less it can. */
function explainsTooLittle({ explained, spread }: Fit): boolean {
  return spread >= leastSpreadOfFew && explained < leastExplained - 1.5 / Math.sqrt(spread)
}

interface Fit {
  /** Of each axis the displacement in its middle, and what it grows by to its end. */
  readonly shifts: readonly number[]
  /** The share of the squared error; NaN when the equations have no solution. */
  readonly explained: number
  /** How many elements share the error, `(Σd²)² / Σd⁴`. */
  readonly spread: number
}

/** Fits the displacements to about `most` elements. */
function fitTo(scene: Scene, height: Axis, width: Axis, most: number): Fit {
  const equations: Equations = {
    products: new Float64Array(16),
    targets: new Float64Array(4),
    terms: new Float64Array(4),
    error: 0,
    fourths: 0,
  }
  // odd, and so out of step with most axes
  const step = Math.max(1, Math.ceil(scene.length / most)) | 1
  for (let start = 0; start < scene.length; start += blockLength * step) {
    addBlock(equations, scene, height, width, start, step)
  }
  const { products, targets, error, fourths } = equations
  const rows = [0, 1, 2, 3].map((k) => Array.from(products.subarray(4 * k, 4 * k + 4)))
  const shifts = solve(rows, Array.from(targets)) ?? []
  const explained = shifts.length === 0 ? Number.NaN : shifts.reduce((sum, x, k) => sum + x * targets[k], 0) / error
  return { shifts, explained, spread: error ** 2 / fourths }
}

/** The normal equations: each axis' slope, and the slope times the position from -1 to 1. */
interface Equations {
  /** Four rows of four. */
  readonly products: Float64Array
  readonly targets: Float64Array
  /** Those of one element. */
  readonly terms: Float64Array
  error: number
  fourths: number
}

function addBlock(
  equations: Equations,
  { actual, reference, length }: Scene,
  height: Axis,
  width: Axis,
  start: number,
  step: number,
): void {
  const { products, targets, terms } = equations
  const [a, r] = [actual.values, reference.values]
  const end = Math.min(start + blockLength * step, length)
  for (let i = start; i < end; i += step) {
    const y = Math.floor(i / height.stride) % height.length
    const x = Math.floor(i / width.stride) % width.length
    if (y === 0 || x === 0 || y === height.length - 1 || x === width.length - 1) continue
    const difference = a[i] - r[i]
    terms[0] = slopeAt(a, r, i, height.stride)
    terms[1] = terms[0] * ((2 * y) / (height.length - 1) - 1)
    terms[2] = slopeAt(a, r, i, width.stride)
    terms[3] = terms[2] * ((2 * x) / (width.length - 1) - 1)
    equations.error += difference * difference
    equations.fourths += difference * difference * difference * difference
    for (let k = 0; k < 4; k++) {
      targets[k] += terms[k] * difference
      for (let j = 0; j < 4; j++) products[4 * k + j] += terms[k] * terms[j]
    }
  }
}

/** The mean of both sides' slopes, which is that halfway between them. */
function slopeAt(a: Float64Array, r: Float64Array, i: number, stride: number): number {
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
