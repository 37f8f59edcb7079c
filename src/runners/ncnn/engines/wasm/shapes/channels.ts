// A blob as ncnn's channelwise layers see it: so many channels of so many elements each.
import { NcnnError } from '../../../error.ts'
import type { Blob } from '../memory/blob.ts'
import { namedLengths } from './axes.ts'

export interface Channels {
  readonly count: number
  /** Elements of one channel. */
  readonly size: number
}

/** The outermost axis is the channels, of any rank: a vector has channels of one element, a matrix has its rows. */
export function outermostChannels({ shape, length }: Blob): Channels {
  const [count] = shape
  return { count, size: count === 0 ? 0 : length / count }
}

/** Only blobs of 3 and 4 axes have channels; a smaller one is a single channel. */
export function trueChannels({ shape, length }: Blob): Channels {
  const { c: count } = namedLengths(shape)
  return { count, size: count === 0 ? 0 : length / count }
}

/** Checks that a weight has one value for each channel. */
export function checkChannels({ count }: Channels, weight: string, length: number): void {
  if (length !== count) throw new NcnnError(`${weight} is for ${length} channels, the input has ${count}`)
}
