// Moments of a tensor's slices along every axis: they tell which channel changed.

/** An axis is cut into at most so many slices: a longer one into slices of several indices. */
const mostSlices = 16

/** Figures for each slice: the sum of its elements, of their magnitudes, of their squares. */
export const figuresPerSlice = 3

/** For each axis `[slices * 3]`, three figures after three. */
export function summarizeAxes(values: Float64Array, shape: readonly number[]): Float64Array[] {
  return shape.map((length, axis) => {
    const slices = Math.min(length, mostSlices)
    const sums = new Float64Array(slices * figuresPerSlice)
    const inner = shape.slice(axis + 1).reduce((product, factor) => product * factor, 1)
    for (let start = 0; start < values.length; start += inner) {
      const index = (start / inner) % length
      const at = Math.floor((index * slices) / length) * figuresPerSlice
      for (let i = start; i < start + inner; i++) {
        const value = values[i]
        sums[at] += value
        sums[at + 1] += Math.abs(value)
        sums[at + 2] += value * value
      }
    }
    return sums
  })
}

/** The indices that a slice covers, first and last, and how many elements it has. */
export function sliceOf(
  shape: readonly number[],
  axis: number,
  slice: number,
): { indices: [number, number]; elements: number } {
  const length = shape[axis]
  const slices = Math.min(length, mostSlices)
  const first = Math.ceil((slice * length) / slices)
  const last = Math.ceil(((slice + 1) * length) / slices) - 1
  const rest = shape.reduce((product, factor, other) => (other === axis ? product : product * factor), 1)
  return { indices: [first, last], elements: (last - first + 1) * rest }
}
