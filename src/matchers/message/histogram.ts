// One line that shows how the errors are spread: everything drifted, or two outliers?
import type { ErrorHistogram } from '../../compare/comparison.ts'

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const maxDecades = 24

/**
 * A bar per decade, such as `1e-9 ▁▂▅█┊▃ 1e-4 (12 exact)`. The dotted line marks `atol` when it lies between two decades.
 * Undefined when every element is exact.
 */
export function drawHistogram(histogram: ErrorHistogram, atol: number): string | undefined {
  const dropped = Math.max(0, histogram.counts.length - maxDecades)
  const counts = histogram.counts.slice(dropped)
  const first = histogram.first + dropped
  const highest = Math.max(0, ...counts)
  if (highest === 0) return undefined
  const cells = counts.map((count) =>
    count === 0 ? ' ' : (bars[Math.ceil((count / highest) * bars.length) - 1] ?? '▁'),
  )
  const boundary = decadeOf(atol)
  if (boundary !== undefined && boundary > first && boundary < first + counts.length)
    cells.splice(boundary - first, 0, '┊')
  const below = dropped > 0 ? '< ' : ''
  const exact = histogram.zeros > 0 ? ` (${histogram.zeros} exact)` : ''
  return `${below}1e${first} ${cells.join('')} 1e${first + counts.length}${exact}`
}

/** 3 for 1000, -4 for 1e-4; undefined for what is not a power of ten. */
function decadeOf(value: number): number | undefined {
  const exponent = /^1e([+-]\d+)$/.exec(value.toExponential())?.[1]
  return exponent === undefined ? undefined : Number(exponent)
}
