// Cause: a softmax or log-softmax that one side lacks, or that goes over another axis.
import { formatNumber } from '../../../tensor/numbers.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { leftOver } from '../prediction.ts'
import { type Axis, directions, type Scene, type Side } from '../scene.ts'

/** How far from 1 the probabilities of a row may add up to. */
const sumTolerance = 1e-2

export const softmax: Hypothesis = (scene) => [...missingSoftmax(scene), ...anotherAxis(scene)]

function missingSoftmax(scene: Scene): Finding[] {
  return directions(scene).flatMap(({ from, to }) => {
    // a softmax of anything lies in 0..1, its logarithm below
    const isLog = to.max <= 0
    if (!isLog && (to.min < 0 || to.max > 1)) return []
    return scene.axes.flatMap((axis): Finding[] => {
      const logarithms = logSums(scene, from, axis, to, isLog)
      if (logarithms === undefined) return []
      const { length, stride } = axis
      const rowOf = (i: number) => Math.floor(i / (length * stride)) * stride + (i % stride)
      const exponent = (i: number) => from.values[i] - logarithms[rowOf(i)]
      const left = leftOver(scene, { target: to, at: isLog ? exponent : (i) => Math.exp(exponent(i)) })
      if (left > 1) return []
      const isTwice = from.min >= 0 && from.max <= 1 && isDistribution(scene, from, axis)
      const over = scene.axes.length > 1 ? ` over axis ${axis.index}` : ''
      return [{ code: 'softmax', message: describe(isLog ? 'log-softmax' : 'softmax', over, from, isTwice), left }]
    })
  })
}

function describe(name: string, over: string, { name: from }: Side, isTwice: boolean): string {
  if (isTwice) {
    const [once, twice] = from === 'actual' ? ['actual', 'the reference'] : ['the reference', 'actual']
    return `${twice} is the ${name}${over} of ${once}, which are probabilities already: a softmax was taken twice`
  }
  return from === 'actual'
    ? `the ${name}${over} of actual is the reference: the last layer was dropped, or logits are read on one side`
    : `actual is the ${name}${over} of the reference: one model ends with it, the other does not`
}

/** The logarithm of the sum of the exponentials of each row; undefined when the other side's rows do not add up to 1. */
function logSums(
  { length }: Scene,
  from: Side,
  { length: count, stride }: Axis,
  to: Side,
  isLog: boolean,
): Float64Array | undefined {
  const sums = new Float64Array(length / count)
  let row = 0
  for (let start = 0; start < length; start += count * stride) {
    for (let inner = start; inner < start + stride; inner++) {
      if (!addsUpToOne(to, inner, count, stride, isLog)) return undefined
      let greatest = -Infinity
      for (let k = 0; k < count; k++) greatest = Math.max(greatest, from.values[inner + k * stride])
      let sum = 0
      for (let k = 0; k < count; k++) sum += Math.exp(from.values[inner + k * stride] - greatest)
      sums[row++] = greatest + Math.log(sum)
    }
  }
  return sums
}

function addsUpToOne({ values }: Side, start: number, count: number, stride: number, isLog = false): boolean {
  let sum = 0
  for (let k = 0; k < count; k++) sum += isLog ? Math.exp(values[start + k * stride]) : values[start + k * stride]
  return Math.abs(sum - 1) <= sumTolerance
}

/** Rectangles of which the logarithms of both sides are compared. */
const rectangles = 512

/**
 * Both sides are probabilities, over two axes: `a = e^x / u` and `r = e^x / v`, with `u` the same along one axis and `v` along the
 * other, so that `log a - log r` of the four corners of any rectangle in these axes cancel.
 */
function anotherAxis(scene: Scene): Finding[] {
  const { actual, reference, axes } = scene
  if (axes.length < 2 || actual.min < 0 || reference.min < 0 || actual.max > 1 || reference.max > 1) return []
  const ours = axes.filter((axis) => isDistribution(scene, actual, axis))
  const theirs = axes.filter((axis) => isDistribution(scene, reference, axis))
  const [one, other] = [ours[0], theirs[0]]
  if (one === undefined || other === undefined || ours.includes(other) || theirs.includes(one)) return []
  const left = cornersLeft(scene, one, other)
  return [
    {
      code: 'softmax',
      message: `actual is a softmax over axis ${one.index}, the reference one over axis ${other.index}, of the same scores`,
      left,
      evidence: `their rows add up to 1 along these axes, and the logarithms agree to ${formatNumber(Math.sqrt(left))} of what they differ`,
    },
  ]
}

function isDistribution({ length }: Scene, side: Side, { length: count, stride }: Axis): boolean {
  for (let start = 0; start < length; start += count * stride) {
    for (let inner = start; inner < start + stride; inner++) if (!addsUpToOne(side, inner, count, stride)) return false
  }
  return true
}

function cornersLeft({ actual, reference, length }: Scene, one: Axis, other: Axis): number {
  let [missed, whole] = [0, 0]
  const difference = (i: number) => Math.log(actual.values[i]) - Math.log(reference.values[i])
  for (let k = 0; k < rectangles; k++) {
    const start = Math.floor(((k * 0.6180339887498949) % 1) * length)
    const move = (i: number, { length: count, stride }: Axis) => {
      const index = Math.floor(i / stride) % count
      return i + (((index + 1 + (k % (count - 1))) % count) - index) * stride
    }
    const [across, down] = [move(start, one), move(start, other)]
    const corner = move(across, other)
    const [p, q, u, v] = [difference(start), difference(across), difference(down), difference(corner)]
    if (![p, q, u, v].every(Number.isFinite)) continue
    missed += (p - q - u + v) ** 2
    whole += (p - q) ** 2 + (p - u) ** 2
  }
  return missed / whole
}
