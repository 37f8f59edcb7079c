// Are both models fed the same? Most reports of wrong outputs end here: another order of channels, another scale, another layout.

import { formatMagnitude } from '../tensor/numbers.ts'
import { formatShape, sameShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { distance, type Elements } from './distance.ts'
import { floatsOf } from './elements.ts'
import { bestFit, isInOrder, layoutsBetween, rearrange } from './layouts.ts'

/** Inputs nearer than this are the same: one of them was rounded to float32, or computed in another order. */
const sameInput = 1e-6
/** What is left of the difference when a transform explains it. */
const explained = 1e-4

/** What tells an input from the reference's, in a sentence; undefined when they are the same. */
export function inputDifference(
  name: string,
  own: Tensor,
  referenceName: string,
  reference: Tensor,
): string | undefined {
  const sides = `input "${name}" and the reference's "${referenceName}"`
  const [a, b] = [floatsOf(own) ?? integersOf(own), floatsOf(reference) ?? integersOf(reference)]
  if (a.length !== b.length) {
    return `${sides} have shapes ${formatShape(own.shape)} and ${formatShape(reference.shape)}: another number of elements`
  }
  const exchanged = haveExchangedAxes(own.shape, reference.shape)
  const layouts = layoutsBetween(own.shape, reference.shape)
  const fit = bestFit(a, b, exchanged ? layouts.filter(({ order }) => !isInOrder(order)) : layouts)
  if (fit === undefined || fit.error < sameInput) return undefined
  if (exchanged && distance(a, b).error < sameInput) {
    return `${sides} have the same elements in the same order, with the shapes ${formatShape(own.shape)} and ${formatShape(reference.shape)}: one of them is in another layout (HWC and CHW) than its shape says`
  }
  const target = rearrange(b, fit.layout)
  const plain = rearrange(b, layouts[0])
  const what =
    lineBetween(a, target) ??
    turned(a, plain, own.shape) ??
    perChannel(a, plain, own.shape) ??
    unknown(a, target, fit.error)
  return `${sides} differ: ${what}`
}

function haveExchangedAxes(own: readonly number[], reference: readonly number[]): boolean {
  const [a, b] = [own, reference].map((shape) => shape.filter((length) => length !== 1))
  return !sameShape(a, b) && sameShape([...a].sort(ascending), [...b].sort(ascending))
}

const ascending = (a: number, b: number): number => a - b

const integersOf = ({ data }: Tensor): Float64Array => Float64Array.from(data as ArrayLike<number | bigint>, Number)

/** One gain and one offset for all elements. */
function lineBetween(a: Elements, b: Elements): string | undefined {
  const line = fitLine(a, b, 0, a.length, 1)
  if (line === undefined || line.left > explained) return undefined
  return `the model's is ${describeLine(line)}`
}

/** An image whose channels come in reverse (BGR), that is mirrored, or whose bytes are said to be in another layout. */
function turned(a: Elements, b: Elements, shape: readonly number[]): string | undefined {
  const image = shape.filter((length) => length !== 1)
  if (image.length < 2) return undefined
  for (const [axis, length] of image.entries()) {
    if (distance(a, reversed(b, image, axis)).error > explained) continue
    const what = image.length === 3 && axis === 0 && (length === 3 || length === 4) ? ' (RGB and BGR)' : ''
    return `axis ${shape.indexOf(length, axis)} is reversed${what}`
  }
  for (const of of layoutsOf(image)) {
    const moved = rearrange(b, of)
    if (distance(a, moved).error < explained)
      return `the elements of one are in the order of axes ${formatShape(of.order)}: another layout (HWC and CHW) with the same shape`
  }
  return undefined
}

/** The orders of axes in which bytes are misread: those of the shape itself, and those that would give it. */
function layoutsOf(image: readonly number[]): { of: readonly number[]; order: readonly number[] }[] {
  const orders =
    image.length === 3
      ? [
          [1, 2, 0],
          [2, 0, 1],
        ]
      : image.length === 2
        ? [[1, 0]]
        : []
  return orders.flatMap((order) => [
    { of: image, order },
    { of: order.map((axis) => image[axis]), order: order.map((_, axis) => order.indexOf(axis)) },
  ])
}

function reversed(elements: Elements, shape: readonly number[], axis: number): Float64Array {
  const length = shape[axis]
  const inner = shape.slice(axis + 1).reduce((product, n) => product * n, 1)
  return Float64Array.from(elements, (_, i) => {
    const at = Math.floor(i / inner) % length
    return elements[i + (length - 1 - 2 * at) * inner]
  })
}

/** Another gain and offset for each slice of the first or last axis: a mean and standard deviation that were not applied alike. */
function perChannel(a: Elements, b: Elements, shape: readonly number[]): string | undefined {
  const image = shape.filter((length) => length !== 1)
  if (image.length < 2) return undefined
  for (const axis of [0, image.length - 1]) {
    const channels = image[axis]
    if (channels > 16) continue
    const step = axis === 0 ? 1 : channels
    const length = a.length / channels
    const lines = Array.from({ length: channels }, (_, c) => fitLine(a, b, axis === 0 ? c * length : c, length, step))
    if (!lines.every((line) => line !== undefined && line.left < explained)) continue
    const described = lines.map((line, c) => `${c}: ${line === undefined ? '' : describeLine(line)}`).join('; ')
    return `per channel the model's is ${described}`
  }
  return undefined
}

interface Line {
  readonly gain: number
  readonly offset: number
  /** Of the norm of the model's, what the line leaves unexplained. */
  readonly left: number
}

/** The line a = gain b + offset through `count` pairs from `first` on. */
function fitLine(a: Elements, b: Elements, first: number, count: number, step: number): Line | undefined {
  let [sumA, sumB, ab, bb, aa] = [0, 0, 0, 0, 0]
  for (let k = 0, i = first; k < count; k++, i += step) {
    sumA += a[i]
    sumB += b[i]
    ab += a[i] * b[i]
    bb += b[i] * b[i]
    aa += a[i] * a[i]
  }
  const variance = bb - (sumB * sumB) / count
  if (!(variance > 1e-12 * bb) || count < 4) return undefined
  const gain = (ab - (sumA * sumB) / count) / variance
  const offset = (sumA - gain * sumB) / count
  let squares = 0
  for (let k = 0, i = first; k < count; k++, i += step) squares += (a[i] - gain * b[i] - offset) ** 2
  return { gain, offset, left: Math.sqrt(squares / aa) }
}

function describeLine({ gain, offset }: Line): string {
  const [factor, shift] = [Number(gain.toPrecision(4)), Number(offset.toPrecision(4))]
  const scaled = factor === 1 ? 'the reference' : `${factor} times the reference`
  return Math.abs(shift) < 1e-6 ? scaled : `${scaled} ${shift < 0 ? '-' : '+'} ${Math.abs(shift)}`
}

function unknown(a: Elements, b: Elements, error: number): string {
  let same = 0
  for (let i = 0; i < a.length; i++) if (a[i] === b[i]) same++
  const share = Math.round((100 * same) / a.length)
  return `by ${formatMagnitude(error)} of their norm, ${share} % of the elements are equal; no simple transform explains it`
}
