// The padding that TensorFlow and ONNX call SAME: so much that the output has ceil(input / stride) positions.

/** The padding before and behind the input along an axis; a negative one cuts the input. */
export type Border = readonly [before: number, after: number]

/** One axis of what is padded. */
export interface SameAxis {
  readonly length: number
  /** Positions from the first to the last element of the kernel. */
  readonly extent: number
  readonly stride: number
  /** Where the odd element goes: behind in SAME_UPPER, before in SAME_LOWER. */
  readonly odd: 'before' | 'behind'
}

/**
 * The padding of each axis, outermost first. Where a stride leaves out elements at the end the amount is negative; ncnn cuts these
 * elements off when it pads another axis, and among rows always at the end.
 */
export function samePadding(axes: readonly SameAxis[]): Border[] {
  const amounts = axes.map(({ length, extent, stride }) => extent + Math.floor((length - 1) / stride) * stride - length)
  if (!amounts.some((amount) => amount > 0)) return axes.map(() => [0, 0])
  return amounts.map((amount, i) => {
    const isHeight = i === axes.length - 2
    if (isHeight && amount < 0) return [0, amount]
    const half = Math.trunc(amount / 2)
    return axes[i].odd === 'behind' ? [half, amount - half] : [amount - half, half]
  })
}
