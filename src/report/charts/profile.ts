// The error along one axis: a channel or a frame that stands out.

import { formatMagnitude } from '../../tensor/numbers.ts'
import type { Profile } from '../report.ts'
import { area, caption, colours, rect, svg, text } from './svg.ts'

export function drawProfile({ axis, length, rmse }: Profile): string {
  const errors = rmse.map(Number)
  const most = Math.max(...errors.filter(Number.isFinite), 0)
  const width = (area.right - area.left) / errors.length
  const bars = errors.map((error, i) => {
    const share = most === 0 ? 0 : Math.min(1, error / most)
    const height = share * (area.bottom - area.top)
    return rect(
      area.left + i * width,
      area.bottom - height,
      Math.max(0.5, width - (width > 4 ? 1 : 0)),
      height,
      colours.data,
    )
  })
  return svg(`Root mean square of the error along axis ${axis}`, [
    ...bars,
    rect(area.left, area.bottom, area.right - area.left, 1, colours.line),
    text(area.left - 6, area.top + 8, formatMagnitude(most), 'end'),
    text(area.left - 6, area.bottom, '0', 'end'),
    text(area.left, area.bottom + 15, '0', 'start'),
    text(area.right, area.bottom + 15, String(length - 1), 'end'),
    caption(`rms error along axis ${axis}`),
  ])
}

/** Those in which a part stands out come first. */
export function byContrast(a: Profile, b: Profile): number {
  return contrastOf(b) - contrastOf(a) || 0
}

function contrastOf({ rmse }: Profile): number {
  const errors = rmse.map(Number).filter(Number.isFinite)
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  return mean > 0 ? Math.max(...errors) / mean : 0
}
