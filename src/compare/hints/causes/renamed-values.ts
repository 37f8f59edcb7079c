// Cause: each value stands for another one: classes that are numbered otherwise, two labels exchanged, a table of another version.
import { formatCount, formatList } from '../format.ts'
import type { Hypothesis } from '../hypothesis.ts'
import type { Scene } from '../scene.ts'
import { distinctValues } from './distinct-values.ts'

/** More values than this are no classes. */
const mostValues = 256

/** How many elements there must be for each value, and how many beyond the first of each value. */
const leastPerValue = 3
const leastRepeated = 32

/** Any cause that explains as much says more. */
const unnamed = 1e-3

export const renamedValues: Hypothesis = (scene) => {
  const { actual, reference, length } = scene
  if (length < leastRepeated || !isFunctionOfFew(scene)) return []
  if (!(reference.isWhole() && actual.isWhole())) return []
  const values = distinctValues(reference.values, [scene.few.differing, scene.few.equal], mostValues)
  if (values === undefined || length < leastPerValue * values.length || length < values.length + leastRepeated)
    return []
  const table = tableOf(scene)
  if (table === undefined || isLine(table)) return []
  const changed = [...table].filter(([from, to]) => from !== to).sort(([x], [y]) => x - y)
  const same = table.size - changed.length
  return [
    {
      code: 'renamed-values',
      message: `each value of the reference is always the same value in actual: ${formatList(
        changed.map(([from, to]) => `${from} is ${to}`),
        6,
      )}${same > 0 ? `; ${formatCount(same, 'other value')} ${same === 1 ? 'agrees' : 'agree'}` : ''}: look for classes that are numbered in another way, or another table`,
      left: unnamed,
      evidence: `without exception in ${length} elements`,
    },
  ]
}

/** Whether the few elements of the sample are whole numbers, and equal ones became equal ones. */
function isFunctionOfFew({ actual, reference, few }: Scene): boolean {
  const found = new Map<number, number>()
  for (const positions of [few.differing, few.equal]) {
    for (const i of positions) {
      const [x, y] = [reference.values[i], actual.values[i]]
      if (!Number.isInteger(x) || !Number.isInteger(y) || (found.get(x) ?? y) !== y || found.size > mostValues)
        return false
      found.set(x, y)
    }
  }
  return found.size < few.differing.length + few.equal.length
}

/** What each value of the reference is in actual; undefined where it is several. */
function tableOf({ actual, reference, length }: Scene): Map<number, number> | undefined {
  const table = new Map<number, number>()
  let [last, became] = [Number.NaN, Number.NaN]
  for (let i = 0; i < length; i++) {
    const [x, y] = [reference.values[i], actual.values[i]]
    if (x === last && y === became) continue
    const known = table.get(x)
    if (known === undefined) table.set(x, y)
    else if (known !== y) return undefined
    ;[last, became] = [x, y]
  }
  return table
}

/** Whether all values lie on one line, as those of two values do: an offset, a gain or an inversion. */
function isLine(table: ReadonlyMap<number, number>): boolean {
  const points = [...table]
  const [[x0, y0] = [0, 0], [x1, y1] = [1, 0]] = points
  return points.every(([x, y]) => Math.abs((y - y0) * (x1 - x0) - (y1 - y0) * (x - x0)) < 1e-9)
}
