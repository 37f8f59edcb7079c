// |error| against |reference|, with the tolerance among them: an error that grows with the reference lies along the diagonal.
import { levelsOf } from '../grid.ts'
import type { Criterion, ScatterGrid } from '../report.ts'
import { area, caption, colours, horizontalAxis, logScale, polyline, rect, svg, verticalAxis } from './svg.ts'

/** What is farther from the data than this many decades is not worth the empty space. */
const farthest = 4
const lineSteps = 40

export function drawScatter(grid: ScatterGrid, { atol, rtol }: Pick<Criterion, 'atol' | 'rtol'>): string {
  const { reference, error, rows, columns } = grid
  const allowedAt = (log10: number): number => Number(atol) + rtol * 10 ** log10
  const references = rangeOf(reference, columns)
  const errors = rangeOf(error, rows)
  const allowed = references.map((end) => Math.log10(allowedAt(end)))
  const inReach = allowed.filter((log10) => log10 > errors[0] - farthest && log10 < errors[1] + farthest)
  const x = logScale(...references, area.left + zeroBand, area.right)
  const y = logScale(
    Math.min(errors[0], ...inReach.map(Math.floor)),
    Math.max(errors[1], ...inReach.map(Math.ceil)),
    area.bottom - zeroBand,
    area.top,
  )
  const cellWidth = x.at(reference.width) - x.at(0)
  const cellHeight = y.at(0) - y.at(error.width)
  const cells = levelsOf(grid).flatMap((level, i) => {
    if (level === 0) return []
    const [row, column] = [Math.floor(i / columns), i % columns]
    const [log10Reference, log10Error] = [
      reference.first + (column - 1) * reference.width,
      error.first + (row - 1) * error.width,
    ]
    const left = column === 0 ? area.left : x.at(log10Reference)
    const top = row === 0 ? area.bottom - zeroBand : y.at(log10Error + error.width)
    const [width, height] = [column === 0 ? zeroBand - 4 : cellWidth, row === 0 ? zeroBand - 4 : cellHeight]
    const limit = column === 0 ? Number(atol) : allowedAt(log10Reference + reference.width / 2)
    const misses = row > 0 && 10 ** (log10Error + error.width / 2) > limit
    return [
      rect(
        left,
        top + (row === 0 ? 4 : 0),
        width,
        height,
        misses ? colours.bad : colours.data,
        0.2 + (0.8 * level) / 254,
      ),
    ]
  })
  const points = Array.from({ length: lineSteps + 1 }, (_, i) => x.first + (i / lineSteps) * (x.last - x.first))
    .map((log10) => [x.at(log10), y.at(Math.log10(allowedAt(log10)))] as const)
    .filter(([, at]) => at >= area.top && at <= area.bottom)
  return svg('Absolute error against the magnitude of the reference, both logarithmic, with the tolerance as a line', [
    horizontalAxis(x),
    verticalAxis(y),
    ...cells,
    polyline(points, colours.limit, 'stroke-dasharray="5 3"'),
    caption('|reference|, against |error|; dashed: the tolerance'),
  ])
}

/** At the left and at the bottom: references and errors of zero have no logarithm. */
const zeroBand = 14

function rangeOf({ first, width }: ScatterGrid['reference'], cells: number): [first: number, last: number] {
  return [first, first + Math.max(1, cells - 1) * width]
}
