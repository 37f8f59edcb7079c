// Shapes: how many elements they have, whether they are valid, how they are written in messages.

/** Number of elements of a shape; 1 for the shape of a scalar, `[]`. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1
  for (const length of shape) size *= length
  return size
}

/** `[1, 192]`; `[]` for a scalar. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis])
}

/** Distance in elements between neighbours along each axis of a dense row-major tensor. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride
    stride *= shape[axis]
  }
  return strides
}

/** The index, outermost axis first, of the element that lies `position` elements into a dense tensor. */
export function unravelIndex(position: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length)
  let rest = position
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]
    index[axis] = rest % length
    rest = Math.floor(rest / length)
  }
  return index
}

/** The most axes that a tensor has, as in numpy. */
export const mostAxes = 64

/** Some libraries count in bigints. */
const asNumber = (length: unknown): unknown => (typeof length === 'bigint' ? Number(length) : length)

/** The lengths of a shape in a message, whatever they are. */
function listLengths(lengths: ArrayLike<unknown>): string {
  return `[${Array.from(lengths, (length) => String(asNumber(length)).slice(0, 40)).join(', ')}]`
}

/**
 * Checks that `shape` is a list of lengths and returns it as a plain array.
 *
 * @throws TypeError that names the argument, for anything that is not a list of at most 64 non-negative whole numbers or whose
 *   product is beyond what a JavaScript number counts exactly.
 */
export function checkShape(shape: unknown, name: string): number[] {
  if (!Array.isArray(shape) && !(ArrayBuffer.isView(shape) && 'length' in shape)) {
    throw new TypeError(`${name}: the shape must be an array of lengths, got ${shape === null ? 'null' : typeof shape}`)
  }
  const { length: rank } = shape as ArrayLike<unknown>
  if (rank > mostAxes) {
    throw new TypeError(`${name}: the shape has ${rank} axes; a tensor has at most ${mostAxes}`)
  }
  const checked: number[] = []
  for (let axis = 0; axis < rank; axis++) {
    const length = asNumber((shape as ArrayLike<unknown>)[axis])
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
      const lengths = listLengths(shape as ArrayLike<unknown>)
      throw new TypeError(
        `${name}: the shape ${lengths} is not valid, because ${String(length)} is not a non-negative whole number`,
      )
    }
    checked.push(length)
  }
  if (!checked.includes(0) && sizeOf(checked) > Number.MAX_SAFE_INTEGER) {
    throw new TypeError(`${name}: the shape ${formatShape(checked)} has more elements than can be counted`)
  }
  return checked
}

/** Checks that `shape` describes exactly `length` elements. */
export function checkSize(shape: readonly number[], length: number, name: string): void {
  const size = sizeOf(shape)
  if (size !== length) {
    throw new TypeError(
      `${name}: the shape ${formatShape(shape)} needs ${size} ${size === 1 ? 'element' : 'elements'}, but the data has ${length}`,
    )
  }
}
