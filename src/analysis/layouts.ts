// The layouts in which two runtimes may hold the same elements: other axes of length 1, another order of axes, flattened.
import { rowMajorStrides, sameShape, sizeOf } from '../tensor/shape.ts'
import { type Distance, distance, type Elements, type Places } from './distance.ts'

/** The reference's elements, read as a tensor of shape `of` whose axes then come in `order`, as in `numpy.transpose`. */
export interface Layout {
  readonly of: readonly number[]
  readonly order: readonly number[]
}

/** Most axes whose orders are tried: with five there would be 120. */
const mostAxes = 4

/** All layouts in which a tensor of shape `reference` may hold the elements of one of shape `own`: the same order first. */
export function layoutsBetween(own: readonly number[], reference: readonly number[]): Layout[] {
  const a = own.filter((length) => length !== 1)
  const b = reference.filter((length) => length !== 1)
  const layouts: Layout[] = [{ of: b, order: b.map((_, axis) => axis) }]
  if (b.length > 1 && b.length <= mostAxes) {
    for (const order of ordersOf(b.length)) {
      const turned = order.map((axis) => b[axis])
      if (!isInOrder(order) && (a.length < b.length || sameShape(turned, a))) layouts.push({ of: b, order })
    }
  }
  // the reference is the flattened transposition of the model's tensor
  if (a.length > b.length && a.length <= mostAxes) {
    for (const order of ordersOf(a.length)) {
      if (!isInOrder(order)) layouts.push({ of: order.map((axis) => a[axis]), order: inverseOf(order) })
    }
  }
  return layouts
}

export const isInOrder = (order: readonly number[]): boolean => order.every((axis, i) => axis === i)

export const sameOrder = (a: Layout, b: Layout): boolean => sameShape(a.order, b.order)

const inverseOf = (order: readonly number[]): number[] => order.map((_, axis) => order.indexOf(axis))

const orders = new Map<number, readonly (readonly number[])[]>()
function ordersOf(axes: number): readonly (readonly number[])[] {
  let known = orders.get(axes)
  if (known === undefined) {
    const shorter = axes === 0 ? [] : ordersOf(axes - 1)
    known =
      axes === 0
        ? [[]]
        : shorter.flatMap((order) => order.concat(axes - 1).map((_, i) => order.toSpliced(i, 0, axes - 1)))
    orders.set(axes, known)
  }
  return known
}

/** Bytes of remembered places: pairs of models use few layouts, but each for many shapes. */
const mostBytes = 2 ** 26
const remembered = new Map<string, Int32Array>()
let rememberedBytes = 0

/** Where in the reference each element of the model's tensor stands; undefined where the order is the same. */
export function placesOf({ of, order }: Layout): Places {
  if (isInOrder(order)) return undefined
  const key = `${of}|${order}`
  let places = remembered.get(key)
  if (places === undefined) {
    places = computePlaces(of, order)
    rememberedBytes += places.byteLength
    if (rememberedBytes > mostBytes) {
      remembered.clear()
      rememberedBytes = places.byteLength
    }
    remembered.set(key, places)
  }
  return places
}

function computePlaces(of: readonly number[], order: readonly number[]): Int32Array {
  const strides = rowMajorStrides(of)
  const lengths = order.map((axis) => of[axis])
  const steps = order.map((axis) => strides[axis])
  const places = new Int32Array(sizeOf(of))
  const index = lengths.map(() => 0)
  let place = 0
  for (let i = 0; i < places.length; i++) {
    places[i] = place
    for (let axis = lengths.length - 1; axis >= 0; axis--) {
      index[axis]++
      place += steps[axis]
      if (index[axis] < lengths[axis]) break
      place -= steps[axis] * lengths[axis]
      index[axis] = 0
    }
  }
  return places
}

export interface Fit extends Distance {
  readonly layout: Layout
}

/** Every how many elements a layout is tried before all elements are read; odd, so that no axis is walked along. */
const samples = 97
/** An error that no other layout can better by chance. */
const surely = 1e-4

/** The nearest of the layouts; undefined where there is none. */
export function bestFit(own: Elements, reference: Elements, layouts: readonly Layout[]): Fit | undefined {
  let best: Fit | undefined
  for (const layout of layouts) {
    const places = placesOf(layout)
    if (best !== undefined && isFarther(own, reference, places, best.error)) continue
    const fit = { ...distance(own, reference, places), layout }
    if (best === undefined || fit.error < best.error) best = fit
    if (best.error < surely) break
  }
  return best
}

/** Whether a sample shows already that the error is larger than `error`. */
function isFarther(own: Elements, reference: Elements, places: Places, error: number): boolean {
  if (own.length < 512) return false
  const step = Math.floor(own.length / samples) | 1
  let [squaredError, squares] = [0, 0]
  for (let i = 0; i < own.length; i += step) {
    const y = reference[places === undefined ? i : places[i]]
    squaredError += (own[i] - y) ** 2
    squares += y * y
  }
  return squaredError > squares * Math.max(4 * error * error, surely * surely)
}

/** The reference's elements in the order of the model's. Shares memory where that is the same. */
export function rearrange(reference: Elements, layout: Layout): Elements {
  const places = placesOf(layout)
  if (places === undefined) return reference
  const elements = reference.slice()
  for (let i = 0; i < elements.length; i++) elements[i] = reference[places[i]]
  return elements
}
