// Where the errors are: the greatest of each cell of a grid over the two longest axes.
import { rowMajorStrides } from '../../tensor/shape.ts'
import { type JsonNumber, jsonNumber } from '../json.ts'
import { forEachBlock, type Pairs } from '../sides/pairs.ts'
import type { ElementRule } from '../verdict/element-rule.ts'

export interface HeatMap {
  /** The axes that the rows and the columns divide; undefined for an axis that a scalar or a vector does not have. */
  readonly axes: readonly [rows: number | undefined, columns: number | undefined]
  readonly rows: number
  readonly columns: number
  /** Row by row, the greatest `|actual - reference|` of the cell; `'Infinity'` where a non-finite element misses the rule. */
  readonly values: readonly JsonNumber[]
}

const mostCells = 64

/** At most 64 x 64 cells, of nearly the same number of indices each. */
export function mapErrors(pairs: Pairs, rule: ElementRule): HeatMap {
  const [rowAxis, columnAxis] = longestAxes(pairs.shape)
  const [lengths, strides] = [pairs.shape, rowMajorStrides(pairs.shape)]
  const along = (axis: number | undefined) => {
    const length = axis === undefined ? 1 : lengths[axis]
    return { length, stride: axis === undefined ? 1 : strides[axis], cells: Math.min(length, mostCells) }
  }
  const [down, across] = [along(rowAxis), along(columnAxis)]
  const cellOf = (position: number, { length, stride, cells }: typeof down) =>
    Math.floor(((Math.floor(position / stride) % length) * cells) / length)
  const greatest = new Float64Array(down.cells * across.cells)
  forEachBlock(pairs, rule, ({ start, count, diff, missed }) => {
    for (let i = 0; i < count; i++) {
      const error = Number.isNaN(diff[i]) ? (missed[i] === 0 ? 0 : Infinity) : diff[i]
      const cell = cellOf(start + i, down) * across.cells + cellOf(start + i, across)
      if (error > greatest[cell]) greatest[cell] = error
    }
  })
  return {
    axes: [rowAxis, columnAxis],
    rows: down.cells,
    columns: across.cells,
    values: Array.from(greatest, jsonNumber),
  }
}

/** The two longest axes, the outer one first; of equal lengths the inner ones. A vector's axis runs across. */
function longestAxes(shape: readonly number[]): readonly [number | undefined, number | undefined] {
  const byLength = shape.map((_, axis) => axis).sort((a, b) => shape[b] - shape[a] || b - a)
  const [first, second] = byLength.slice(0, 2).sort((a, b) => a - b)
  return second === undefined ? [undefined, first] : [first, second]
}
