// Hint: nearly all of the error lies in one slice of an axis, a channel or a frame.

import { formatShare } from '../../tensor/numbers.ts'
import type { HintFinder } from './context.ts'

/** Share of the squared error from which a slice is to blame alone. */
const leastShare = 0.9

/** Fires for a slice among at least four; of two or three one is the worst by chance. */
export const oneSlice: HintFinder = ({ worstSlices, pairs }) => {
  const slice = worstSlices().find(({ axis, share }) => share >= leastShare && (pairs.shape[axis] ?? 0) >= 4)
  if (slice === undefined) return undefined
  const length = pairs.shape[slice.axis] ?? 0
  return {
    code: 'one-slice',
    message: `${formatShare(slice.share)} of the squared error lies in slice ${slice.index} of axis ${slice.axis} (of length ${length}): look at what is special about it, such as one channel's weight or scale, or a padded edge`,
  }
}
