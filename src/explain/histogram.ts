// One line that shows how the errors are spread: everything drifted, or two outliers?
import type { ErrorHistogram } from '../compare/comparison.ts'

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const barWidth = 2
const maxDecades = 24

/**
 * A bar per decade, such as `1e-9 ▁▁▂▂▅▅██┊▃▃ 1e-4 (┊ atol, 12 exact)`: the mark is drawn when `atol` lies between two decades.
 * Undefined when every element is exact.
 */
export function drawHistogram(histogram: ErrorHistogram, atol: number): string | undefined {
  const dropped = Math.max(0, histogram.counts.length - maxDecades)
  const counts = histogram.counts.slice(dropped)
  const first = histogram.first + dropped
  const highest = Math.max(0, ...counts)
  if (highest === 0) return undefined
  const cells = counts.map((count) => {
    const bar = count === 0 ? ' ' : (bars[Math.ceil((count / highest) * bars.length) - 1] ?? '▁')
    return bar.repeat(barWidth)
  })
  const boundary = decadeOf(atol)
  const marked = boundary !== undefined && boundary > first && boundary < first + counts.length
  if (marked) cells.splice(boundary - first, 0, '┊')
  const notes = [...(marked ? ['┊ atol'] : []), ...(histogram.zeros > 0 ? [`${histogram.zeros} exact`] : [])]
  const legend = notes.length > 0 ? ` (${notes.join(', ')})` : ''
  return `${dropped > 0 ? '< ' : ''}1e${first} ${cells.join('')} 1e${first + counts.length}${legend}`
}

/** 3 for 1000, -4 for 1e-4; undefined for what is not a power of ten. */
function decadeOf(value: number): number | undefined {
  const exponent = /^1e([+-]\d+)$/.exec(value.toExponential())?.[1]
  return exponent === undefined ? undefined : Number(exponent)
}
