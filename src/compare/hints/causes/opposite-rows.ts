// Cause: vectors whose sign is free, such as quaternions and eigenvectors: each row is that of the reference or its opposite.
import { formatCount } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { type Axis, areFloats, type Scene } from '../scene.ts'

/** Rows of each kind, and the least length of a row. */
const leastRows = 2
const leastLength = 2

/** How near an element must be to the opposite one, as a share of the largest in its row. */
const tolerance = 1e-4

export const oppositeRows: Hypothesis = (scene) => {
  if (!areFloats(scene) || scene.axes.length < 2 || !areOpposite(scene, scene.few.differing)) return []
  return scene.axes
    .toReversed()
    .flatMap((axis) => alongAxis(scene, axis))
    .slice(0, 1)
}

function areOpposite({ actual, reference }: Scene, positions: Int32Array): boolean {
  for (const i of positions) {
    const [x, y] = [actual.values[i], reference.values[i]]
    if (Math.abs(x + y) > 0.01 * Math.abs(y)) return false
  }
  return true
}

function alongAxis(scene: Scene, axis: Axis): Finding[] {
  const { actual, reference, length, few } = scene
  const rows = length / axis.length
  if (axis.length < leastLength || rows < 2 * leastRows) return []
  const signOf = (row: number) => signOfRow(actual.values, reference.values, axis, row)
  for (const i of few.differing) {
    const row = Math.floor(i / (axis.length * axis.stride)) * axis.stride + (i % axis.stride)
    if (signOf(row) !== -1) return []
  }
  let opposite = 0
  for (let row = 0; row < rows; row++) {
    const sign = signOf(row)
    if (sign === 0) return []
    if (sign === -1) opposite++
  }
  if (Math.min(opposite, rows - opposite) < leastRows) return []
  return [
    {
      code: 'opposite-rows',
      message: `each row along axis ${axis.index} of actual is that of the reference or its opposite (${opposite} of ${rows}): the sign is free in quaternions, eigenvectors and principal components; give each row the same sign before they are compared`,
      left: 0,
      evidence: `${formatCount(rows, 'row')} without exception`,
      parameters: rows,
    },
  ]
}

/** 1 for a row that is equal, -1 for an opposite one, 0 for any other. */
function signOfRow(a: Float64Array, r: Float64Array, { length, stride }: Axis, row: number): number {
  const start = Math.floor(row / stride) * length * stride + (row % stride)
  let [largest, same, opposite] = [0, 0, 0]
  for (let k = 0; k < length; k++) {
    const i = start + k * stride
    largest = Math.max(largest, Math.abs(r[i]))
    same = Math.max(same, Math.abs(a[i] - r[i]))
    opposite = Math.max(opposite, Math.abs(a[i] + r[i]))
  }
  if (same <= tolerance * largest) return 1
  return opposite <= tolerance * largest ? -1 : 0
}
