// Seeded random projections, from which the distance of two tensors can be estimated without either of them.
// Charikar, Chen, Farach-Colton: Finding frequent items in data streams (2002); Weinberger et al.: Feature hashing (2009).

const rows = 4
const buckets = 128

/** The length of a sketch. */
const sketchLength = rows * buckets

/**
 * The estimate's relative standard deviation, `1 / sqrt(2 * 512)`: the squares of the 512 differences sum up to what is nearly a
 * chi-squared variable of as many degrees of freedom. `test/snapshots/fingerprint.test.ts` measures it.
 */
export const sketchError = 1 / Math.sqrt(2 * sketchLength)

/**
 * Adds every element, with a random sign, to a random one of 128 sums, four times over. Signs and sums depend on the position only,
 * so the sketch of a difference is the difference of the sketches.
 */
export function makeSketch(values: Float64Array): Float64Array {
  const sketch = new Float64Array(sketchLength)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value === 0) continue
    let bits = hash(i)
    for (let start = 0; start < sketchLength; start += buckets) {
      // a byte for each row: seven bits choose the sum, one the sign
      sketch[start + (bits & 127)] += (bits & 128) === 0 ? value : -value
      bits >>>= 8
    }
  }
  return sketch
}

/** The estimated Euclidean distance of the two tensors that were sketched. */
export function sketchDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < sketchLength; i++) sum += (a[i] - b[i]) ** 2
  return Math.sqrt(sum / rows)
}

/** 32 well-mixed bits of a position: the finaliser of MurmurHash3, with a fixed seed. */
function hash(position: number): number {
  let bits = position ^ 0x9e3779b9
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
