// Cause: a part of actual was never written: it is constant, mostly zero, or holds the beginning once more.
import { formatNumber, formatShare } from '../../../tensor/numbers.ts'
import { formatCount } from '../format.ts'
import { type Finding, type Hypothesis, leastLeft, mostLeft } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { directions, nameOf, type Scene, type Side } from '../scene.ts'

/** A part is not worth a word below this many elements, nor where nearly everything is constant. */
const leastElements = 8
const mostConstant = 0.98

/** The share of the part that has to be wrong: behind a ReLU, zeros may be right. */
const leastDiffering = 0.1

export const partlyWritten: Hypothesis = (scene) => [
  ...directions(scene).flatMap(({ from, to }) => [...constantEnd(scene, from, to), ...constantStart(scene, from, to)]),
  ...repeatedStart(scene),
]

function constantEnd(scene: Scene, side: Side, other: Side): Finding[] {
  const { values } = side
  const last = values.at(-1) ?? 0
  let start = values.length
  while (start > 0 && values[start - 1] === last) start--
  return describePart(scene, side, other, start, values.length, last, 'not written to the end, truncated, or padded')
}

function constantStart(scene: Scene, side: Side, other: Side): Finding[] {
  const { values } = side
  const [first = 0] = values
  let end = 0
  while (end < values.length && values[end] === first) end++
  return describePart(scene, side, other, 0, end, first, 'not written from the start, or padded')
}

function describePart(
  scene: Scene,
  side: Side,
  other: Side,
  start: number,
  end: number,
  constant: number,
  cause: string,
): Finding[] {
  const { length, actual, reference, error } = scene
  const size = end - start
  if (size < leastElements || size > mostConstant * length) return []
  if (!isUnlikely(side, start, end, constant)) return []
  let [within, differing] = [0, 0]
  for (let i = start; i < end; i++) {
    within += (actual.values[i] - reference.values[i]) ** 2
    if (other.values[i] !== constant) differing++
  }
  // both sums were rounded
  const left = error - within > leastLeft * error ? (error - within) / error : 0
  if (differing < Math.max(leastElements, leastDiffering * size) || left > mostLeft) return []
  return [
    {
      code: 'partly-written',
      message: `elements ${start} to ${end - 1} of ${nameOf(side)} (${formatShare(size / length)} of it, in memory order${describeSlices(scene, start, end)}) are all ${formatNumber(constant)}, those of ${nameOf(other)} are not: ${cause}`,
      left,
      evidence: `${formatShare(1 - left)} of the squared error lies there`,
      parameters: 1,
    },
  ]
}

/** Decimal digits of the probability that a part is constant by chance. */
const leastSurprise = 6

/** Whether the constant is so rare elsewhere that a run of it means something. */
function isUnlikely({ values }: Side, start: number, end: number, constant: number): boolean {
  let elsewhere = 0
  for (let i = 0; i < start; i++) if (values[i] === constant) elsewhere++
  for (let i = end; i < values.length; i++) if (values[i] === constant) elsewhere++
  const others = values.length - (end - start)
  const share = (elsewhere + 1) / (others + 2)
  return others >= leastElements && -(end - start) * Math.log10(share) >= leastSurprise
}

/** `: slices 1 to 7 of axis 0`, where the part consists of whole slices of the outermost axis. */
function describeSlices({ axes }: Scene, start: number, end: number): string {
  const [outermost] = axes
  if (outermost === undefined || axes.length < 2 || start % outermost.stride !== 0 || end % outermost.stride !== 0)
    return ''
  const [from, to] = [start / outermost.stride, end / outermost.stride - 1]
  return from === to
    ? `: slice ${from} of axis ${outermost.index}`
    : `: slices ${from} to ${to} of axis ${outermost.index}`
}

/** Shares of the tensor after which its start may come again. */
const periods = [1 / 2, 1 / 3, 1 / 4]

function repeatedStart(scene: Scene): Finding[] {
  const { length, actual, reference } = scene
  return periods.flatMap((share): Finding[] => {
    const period = Math.round(length * share)
    if (period < leastElements || length % period !== 0 || scene.axes[0]?.stride === period) return []
    const left = leftOver(scene, { target: actual, at: (i) => reference.values[i % period] })
    if (left > 1) return []
    return [
      {
        code: 'partly-written',
        message: `actual is the first ${formatCount(period, 'element')} of the reference again and again: the rest was not computed or not copied`,
        left,
        parameters: 1,
      },
    ]
  })
}
