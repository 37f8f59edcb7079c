// Cause: where NaN and infinities come from: on both sides alike, everywhere, in one slice, where the other side is 0 or infinite.

import { formatValue } from '../../../tensor/numbers.ts'
import { blockLength } from '../block-length.ts'
import { formatCount } from '../format.ts'
import type { Finding, Hypothesis } from '../hypothesis.ts'
import { nameOf, type Scene, type Side } from '../scene.ts'

export const nonFinite: Hypothesis = (scene) => {
  const { actual, reference } = scene
  const known = [
    ...nanOnBothSides(scene),
    ...maskValue(scene, actual, reference),
    ...maskValue(scene, reference, actual),
  ]
  return known.length > 0 ? known : [...explainSide(scene, actual, reference), ...explainSide(scene, reference, actual)]
}

/** Fires when one side is -Infinity in several places, the other one and the same number there, and all others agree. */
function maskValue({ length, error, differing }: Scene, side: Side, other: Side): Finding[] {
  let count = 0
  let value = Number.NaN
  for (let i = 0; i < length; i++) {
    const x = side.values[i]
    const y = other.values[i]
    if (Object.is(x, y) || x - y === x - x) continue
    if (x - x === 0 && y - y === 0) continue
    if (x !== -Infinity || y - y !== 0) return []
    if (count++ === 0) value = y
    else if (y !== value) return []
  }
  if (count < leastCount) return []
  const rest = differing === 0 || error === 0 ? ', and they agree elsewhere' : ''
  return [
    {
      code: 'mask-value',
      message: `${nameOf(other)} is ${formatValue(value, other.dtype)} in all ${count} places where ${nameOf(side)} is -Infinity${rest}: a mask that was filled with another number`,
      left: 0,
      evidence: `${count} of ${length} elements`,
    },
  ]
}

/** Fires when no element is NaN on one side only. */
function nanOnBothSides({ actual, reference, length, source }: Scene): Finding[] {
  let count = 0
  for (let i = 0; i < length; i++) {
    const [a, r] = [Number.isNaN(actual.values[i]), Number.isNaN(reference.values[i])]
    if (a !== r) return []
    if (a) count++
  }
  if (count === 0 || source.rule.equalNaN) return []
  const message = `${formatCount(count, 'element')} ${count === 1 ? 'is' : 'are'} NaN on both sides: if that is meant, compare with { equalNaN: true }`
  return [{ code: 'nan-on-both-sides', message, left: 0, evidence: 'their places are the same' }]
}

/** Fewer say nothing about where they lie. */
const leastCount = 4

function explainSide(scene: Scene, side: Side, other: Side): Finding[] {
  const places = placesOfNonFinite(scene, side, other)
  const [first] = places
  if (first === undefined) return []
  const allNaN = places.every((i) => Number.isNaN(side.values[i]))
  const isMask = places.every((i) => side.values[i] === -Infinity)
  const allInfinite = places.every((i) => Math.abs(side.values[i]) === Infinity)
  const kind = allNaN ? 'NaN' : 'NaN or infinite'
  if (places.length === scene.length) {
    const causes =
      'look for 0 / 0, Infinity - Infinity, the root or logarithm of a negative number, or memory that was never written'
    return [
      {
        code: 'nan',
        message: `every element of ${nameOf(side)} is ${kind}: ${causes}`,
        left: 0,
        evidence: 'without exception',
      },
    ]
  }
  if (places.length < leastCount) return []
  const where = commonSlice(scene, places, isMask ? maskOrigin : allInfinite ? infinityOrigin : nanOrigin)
  const why = allNaN ? originOf(scene, places, other) : ''
  if (where === '' && why === '') return []
  const message = `all ${places.length} ${allNaN ? 'NaN' : 'non-finite elements'} of ${nameOf(side)} ${[where, why].filter(Boolean).join(', ')}`
  return [{ code: 'nan-place', message, left: placeOnly, evidence: `${places.length} of ${scene.length} elements` }]
}

/** A cause that predicts the elements says more than where they are. */
const placeOnly = 1e-4

function placesOfNonFinite({ length }: Scene, side: Side, other: Side): number[] {
  const { values } = side
  const places: number[] = []
  if (![Number.NaN, Infinity, -Infinity].some((value) => values.includes(value))) return places
  for (let start = 0; start < length; start += blockLength) {
    addPlaces(places, values, other.values, start, Math.min(start + blockLength, length))
  }
  return places
}

function addPlaces(places: number[], values: Float64Array, others: Float64Array, start: number, end: number): void {
  for (let i = start; i < end; i++) {
    const x = values[i]
    // NaN and Infinity minus themselves are NaN
    if (x - x !== 0 && !Object.is(x, others[i])) places.push(i)
  }
}

/** Where non-finite elements come from that fill slices. */
interface Origin {
  readonly ofSlice: string
  readonly ofSlices: string
}

const nanOrigin: Origin = {
  ofSlice: '0 / 0 in a normalization or an average over nothing, or a channel of broken weights',
  ofSlices: '0 / 0 in a normalization or an average over nothing, or channels of broken weights',
}

const maskOrigin: Origin = { ofSlice: 'a mask, or the logarithm of 0', ofSlices: 'a mask, or the logarithm of 0' }

const infinityOrigin: Origin = {
  ofSlice: 'a division by 0 or an overflow, or a channel of broken weights',
  ofSlices: 'a division by 0 or an overflow, or channels of broken weights',
}

/** More whole slices are not listed. */
const mostListed = 6

/** `lie in slice 11 of axis 0`: the axis along which they share an index, or a short range of them. */
function commonSlice({ axes, length }: Scene, places: readonly number[], origin: Origin): string {
  for (const { index, length: count, stride } of axes) {
    const slices = slicesOf(places, count, stride)
    const [different, least = 0, greatest = 0] = [slices.length, slices[0], slices.at(-1)]
    if (different === 1)
      return `lie in slice ${least} of axis ${index} (${count} long)${explainShare(places, length / count, origin)}`
    if (different <= mostListed && places.length === (different * length) / count) {
      return `fill ${different} slices of axis ${index} (${slices.join(', ')}): ${origin.ofSlices}`
    }
    if (different === greatest - least + 1 && different <= count / 4 && places.length > 2 * different) {
      return `lie in slices ${least} to ${greatest} of axis ${index} (${count} long)`
    }
  }
  return ''
}

/** In order. */
function slicesOf(places: readonly number[], count: number, stride: number): number[] {
  const seen = new Uint8Array(count)
  for (const place of places) seen[Math.floor(place / stride) % count] = 1
  return Array.from(seen.keys()).filter((slice) => seen[slice] === 1)
}

function explainShare(places: readonly number[], size: number, origin: Origin): string {
  return places.length === size ? `, which has no others: ${origin.ofSlice}` : ''
}

/** What the other side has in these places and nearly nowhere else. */
function originOf({ length }: Scene, places: readonly number[], other: Side): string {
  const origins: readonly (readonly [(x: number) => boolean, string])[] = [
    [
      (x) => Math.abs(x) === Infinity,
      `stand where ${nameOf(other)} is infinite: Infinity - Infinity, Infinity / Infinity or 0 * Infinity`,
    ],
    [(x) => x === 0, `stand where ${nameOf(other)} is 0: 0 / 0`],
  ]
  for (const [isOrigin, text] of origins) {
    if (!places.every((i) => isOrigin(other.values[i]))) continue
    let count = 0
    for (let i = 0; i < length; i++) if (isOrigin(other.values[i])) count++
    if (count <= 1.1 * places.length) return text
  }
  return ''
}
