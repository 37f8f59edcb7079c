// Grids of numbers of any size, one byte each: what a chart can show of them.
import type { HeatMap, Scatter } from '../outcomes/index.ts'
import type { Grid, HeatGrid, ScatterGrid } from './report.ts'

const mostSteps = 253
export const nonFiniteLevel = 255

/** @param values not negative, `rows * columns` of them */
export function packGrid(rows: number, columns: number, values: ArrayLike<number>): Grid {
  let least = Infinity
  let greatest = 0
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0 || !Number.isFinite(values[i])) continue
    least = Math.min(least, values[i])
    greatest = Math.max(greatest, values[i])
  }
  const perLog = greatest > least ? mostSteps / (Math.log(greatest) - Math.log(least)) : 0
  const levelOf = (value: number): number => {
    if (value === 0) return 0
    return Number.isFinite(value) ? 1 + Math.round((Math.log(value) - Math.log(least)) * perLog) : nonFiniteLevel
  }
  const bytes = Array.from(values, levelOf)
  return {
    rows,
    columns,
    least: greatest === 0 ? 0 : least,
    greatest,
    levels: btoa(String.fromCharCode(...bytes)),
  }
}

/** Row by row. */
export function levelsOf({ levels }: Grid): number[] {
  return Array.from(atob(levels), (character) => character.charCodeAt(0))
}

/** What a level stands for. */
export function valueOfLevel(level: number, { least, greatest }: Grid): number {
  if (level === 0) return 0
  return level === nonFiniteLevel ? Infinity : least * (greatest / least) ** ((level - 1) / mostSteps)
}

export function packScatter({ reference, error, points }: Scatter): ScatterGrid {
  const [rows, columns] = [error.bins + 1, reference.bins + 1]
  const counts = new Float64Array(rows * columns)
  for (const [x, y, count] of points) counts[(y + 1) * columns + x + 1] = count
  return {
    ...packGrid(rows, columns, counts),
    reference: { first: reference.first, width: reference.width },
    error: { first: error.first, width: error.width },
  }
}

export function packHeatMap({ axes, rows, columns, values }: HeatMap, shape: readonly number[]): HeatGrid {
  const [down, across] = axes
  return {
    ...packGrid(rows, columns, values.map(Number)),
    axes: [down ?? null, across ?? null],
    lengths: [down === undefined ? 1 : shape[down], across === undefined ? 1 : shape[across]],
  }
}
