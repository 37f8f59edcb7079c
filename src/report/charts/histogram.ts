// How many errors lie in each decade, and the absolute tolerance among them.
import type { Criterion, Pictures } from '../report.ts'
import { area, caption, colours, line, logScale, powerName, rect, svg, text } from './svg.ts'

const zeroBand = 30
const gap = 2

export function drawHistogram(
  { first, counts, zeros }: Pictures['histogram'],
  { atol }: Pick<Criterion, 'atol'>,
): string {
  const most = Math.max(...counts, zeros, 1)
  const limit = Math.log10(Number(atol))
  const x = logScale(first, first + Math.max(1, counts.length), area.left + zeroBand + 8, area.right)
  const width = x.at(1) - x.at(0) - gap
  const bar = (left: number, wide: number, count: number, colour: string): string => {
    const height = ((area.bottom - area.top - 14) * count) / most
    // a single error among millions is to be seen
    const shown = count === 0 ? 0 : Math.max(1.5, height)
    return (
      rect(left, area.bottom - shown, wide, shown, colour) +
      (count > 0 && wide > 26 ? text(left + wide / 2, area.bottom - shown - 3, compact(count)) : '')
    )
  }
  const label = counts.length > 12 ? Math.ceil(counts.length / 8) : 1
  const showsLimit = limit >= x.first && limit <= x.last
  return svg('Number of elements by the decade of their absolute error', [
    line(area.left, area.bottom, area.right, area.bottom, colours.line),
    bar(area.left, zeroBand, zeros, colours.data),
    text(area.left + zeroBand / 2, area.bottom + 15, '0'),
    ...counts.map((count, i) => {
      const decade = first + i
      const ticks = i % label === 0 ? text(x.at(decade), area.bottom + 15, powerName(decade)) : ''
      return bar(x.at(decade) + gap / 2, width, count, decade >= limit ? colours.bad : colours.data) + ticks
    }),
    text(x.at(x.last), area.bottom + 15, powerName(x.last), 'end'),
    showsLimit ? line(x.at(limit), area.top, x.at(limit), area.bottom, colours.limit, 'stroke-dasharray="5 3"') : '',
    caption(showsLimit ? 'elements by |error|; dashed: atol' : 'elements by |error|'),
  ])
}

function compact(count: number): string {
  if (count < 10_000) return String(count)
  return count < 1e6 ? `${Math.round(count / 1000)}k` : `${(count / 1e6).toPrecision(2)}M`
}
