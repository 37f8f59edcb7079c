// Where the errors are: the greatest of each part of the two longest axes.
import { formatMagnitude } from '../../tensor/numbers.ts'
import { levelsOf, nonFiniteLevel } from '../grid.ts'
import type { HeatGrid } from '../report.ts'
import { area, caption, colours, rect, svg, text } from './svg.ts'

const shades = 12
const left = 24

export function drawHeatMap(grid: HeatGrid): string {
  const { rows, columns, axes, lengths, greatest, least } = grid
  const width = (area.right - left) / columns
  const height = Math.min((area.bottom - area.top) / rows, 40)
  const levels = levelsOf(grid)
  const hasNonFinite = levels.includes(nonFiniteLevel)
  const runs = Array.from({ length: rows }, (_, row) => runsOf(levels.slice(row * columns, (row + 1) * columns), row))
  const cells = runs.flat().map(({ row, start, end, shade }) => {
    const [x, y] = [left + start * width, area.top + row * height]
    // a little wider and higher than it is, so that no seams show
    const [wide, high] = [(end - start) * width + 0.3, height + 0.3]
    return shade > shades ? rect(x, y, wide, high, colours.limit) : rect(x, y, wide, high, colours.bad, shade / shades)
  })
  const [down, across] = axes
  const bottom = area.top + rows * height
  return svg('Where the errors are: the greatest of each part of the two longest axes', [
    rect(left, area.top, area.right - left, bottom - area.top, colours.line, 0.4),
    ...cells,
    ...(across === null ? [] : [text((left + area.right) / 2, bottom + 15, `axis ${across}, 0 to ${lengths[1] - 1}`)]),
    ...(down === null
      ? []
      : [
          `<g transform="rotate(-90 14 ${(area.top + bottom) / 2})">${text(14, (area.top + bottom) / 2, `axis ${down}, 0 to ${lengths[0] - 1}`)}</g>`,
        ]),
    caption(
      [
        ...(greatest > 0
          ? [`greatest |error|: pale ${formatMagnitude(least)} to full ${formatMagnitude(greatest)}, logarithmic`]
          : []),
        ...(hasNonFinite ? ['brown: not finite'] : []),
      ].join('; '),
    ),
  ])
}

interface RunOfCells {
  readonly row: number
  readonly start: number
  readonly end: number
  readonly shade: number
}

/** Neighbours of one shade are one rectangle. */
function runsOf(levels: readonly number[], row: number): RunOfCells[] {
  const runs: RunOfCells[] = []
  let start = 0
  for (let end = 1; end <= levels.length; end++) {
    const shade = shadeOf(levels[start])
    if (end < levels.length && shadeOf(levels[end]) === shade) continue
    if (shade > 0) runs.push({ row, start, end, shade })
    start = end
  }
  return runs
}

const shadeOf = (level: number): number =>
  level === nonFiniteLevel ? shades + 1 : level === 0 ? 0 : Math.max(1, Math.ceil((level / 254) * shades))
