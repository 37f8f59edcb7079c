// The elements of greatest magnitude: of a classifier's scores the ones that matter.

const count = 32

/** In descending order of magnitude, the first of equals first. */
export function findTop(values: Float64Array): { at: Float64Array; top: Float64Array } {
  const found: number[] = []
  let least = 0
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i])
    if (magnitude <= least && found.length === count) continue
    let place = found.length
    while (place > 0 && Math.abs(values[found[place - 1]]) < magnitude) place--
    found.splice(place, 0, i)
    if (found.length > count) found.pop()
    least = Math.abs(values[found[found.length - 1]])
  }
  return { at: Float64Array.from(found), top: Float64Array.from(found, (i) => values[i]) }
}
