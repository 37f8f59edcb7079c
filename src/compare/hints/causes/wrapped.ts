// Cause: sums too large for an integer type: they wrap around on one side, where the other has more bits or saturates.
import { formatShare } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { directions, nameOf, type Scene, type Side } from '../scene.ts'

/** How many values 8, 16 and 32 bits have. */
const bits = [32, 16, 8] as const

const leastElements = 16
const leastWrapped = 4

/** Elements that differ must have as many remainders: multiples of 256 differ by multiples of 256. */
const leastRemainders = 4

export const wrapped: Hypothesis = (scene) =>
  scene.length < leastElements || scene.differing < leastWrapped || !areWholeAt(scene, scene.few.differing)
    ? []
    : [...byMultiples(scene), ...insteadOfSaturating(scene)]

function areWholeAt({ actual, reference }: Scene, positions: Int32Array): boolean {
  for (const i of positions) {
    if (!Number.isInteger(actual.values[i]) || !Number.isInteger(reference.values[i])) return false
  }
  return true
}

/** All differences are multiples of the number of values of a type, and not of one constant. */
function byMultiples(scene: Scene): Finding[] {
  const { actual, reference, few, length, differing } = scene
  const [a, r] = [actual.values, reference.values]
  const width = bits.find((width) => few.differing.every((i) => (a[i] - r[i]) % 2 ** width === 0))
  if (width === undefined) return []
  const range = 2 ** width
  const remainders = new Set<number>()
  const differences = new Set<number>()
  for (const i of few.differing) {
    remainders.add(r[i] % range)
    differences.add(a[i] - r[i])
  }
  const isConstant = differences.size === 1
  if (remainders.size < leastRemainders || (isConstant && differing === length)) return []
  // that is a type read as one without a sign
  if (isConstant && directions(scene).some(({ from, to }) => from.min >= 0 && to.max < range / 2)) return []
  for (let i = 0; i < length; i++) if (a[i] !== r[i] && (a[i] - r[i]) % range !== 0) return []
  if (!(actual.isWhole() && reference.isWhole())) return []
  const narrow = directions(scene).find(({ from, to }) => spans(to, range) && !spans(from, range))?.to
  const who = narrow === undefined ? 'one side' : nameOf(narrow)
  return [
    {
      code: 'wrapped',
      message: `where the sides differ, they do so by ${range === 256 ? '256' : `2^${width}`} or multiples of it: ${who} wrapped around in a type of ${width} bits, which is too narrow for these numbers`,
      left: 0,
      evidence: `all of the ${differing} elements that differ fit`,
      parameters: 2,
    },
  ]
}

const spans = ({ min, max }: Side, range: number) => max - min < range

/** The greatest numbers of integer types. */
const limits = [255, 65535, 127, 32767, 2 ** 31 - 1]

/** How many of the numbers just below a limit, and from the least on, have to occur. */
const leastNeighbours = 3
const neighbours = 8

/** One side is at the limit of a type wherever they differ, and the other begins again from the least number. */
function insteadOfSaturating(scene: Scene): Finding[] {
  const { few, length, differing } = scene
  return directions(scene).flatMap(({ from, to }): Finding[] => {
    const limit = from.max
    if (!limits.includes(limit) || few.differing.some((i) => from.values[i] !== limit)) return []
    const least = [255, 65535].includes(limit) ? 0 : -limit - 1
    // numbers go up to the limit, and begin again: a label such as 255 for `ignored` has no neighbours
    const [below, above] = [new Set<number>(), new Set<number>()]
    for (let i = 0; i < length; i++) {
      const [x, y] = [to.values[i], from.values[i]]
      if (x === y) {
        if (y < limit && y >= limit - neighbours) below.add(y)
      } else if (y !== limit) return []
      else if (x <= least + neighbours) above.add(x)
    }
    if (Math.min(below.size, above.size) < leastNeighbours || to.min < least || !from.isWhole()) return []
    return [
      {
        code: 'wrapped',
        message: `the sides differ only where ${nameOf(from)} is ${limit}, the greatest number of its type, and there ${nameOf(to)} begins again from ${least}: it wraps around where the other saturates`,
        left: 0,
        evidence: `all of the ${differing} elements that differ (${formatShare(differing / length)}) fit`,
        parameters: 1,
      },
    ]
  })
}
