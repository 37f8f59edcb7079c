// Nested JavaScript arrays -> dense data: finds the shape, refuses ragged and non-numeric arrays, names the offending place.

import { describeValue } from '../arguments/describe.ts'
import { allocate, type DType } from './dtype.ts'
import { countOf } from './numbers.ts'
import { formatShape, mostAxes, sizeOf } from './shape.ts'
import { inferDType, storeAs, viewAsStorage } from './storage.ts'
import type { Tensor } from './tensor.ts'
import { isTensorObject } from './tensor-record.ts'

/** More elements than fit a typed array in today's engines. */
const maxElements = 2 ** 32

type Leaf = 'number' | 'bigint' | 'boolean'

function leafKind(value: unknown): Leaf | undefined {
  const kind = typeof value
  return kind === 'number' || kind === 'bigint' || kind === 'boolean' ? kind : undefined
}

/** Lengths along the path of first elements; every other path must have the same. */
function shapeOf(nested: readonly unknown[], name: string): { shape: number[]; first: unknown } {
  const shape: number[] = []
  let value: unknown = nested
  while (Array.isArray(value)) {
    // an array that contains itself would never end
    if (shape.length === mostAxes) throw new TypeError(`${name}: nested more than ${mostAxes} deep, or contains itself`)
    shape.push(value.length)
    value = value[0]
  }
  return { shape, first: value }
}

/** Converts a non-empty or empty nested array to a tensor. */
export function fromNested(nested: readonly unknown[], name: string): Tensor {
  const { shape: outer, first } = shapeOf(nested, name)
  const row = viewAsStorage(first, name)
  const shape = row ? [...outer, row.data.length] : outer
  const size = sizeOf(shape)
  if (size > maxElements) throw new TypeError(`${name}: its shape ${formatShape(shape)} has too many elements`)
  return row ? fromTypedRows(nested, outer, shape, row.dtype, name) : fromLeaves(nested, shape, leafKind(first), name)
}

/** Calls `visit` for each sub-array at the innermost level of plain arrays, in order, checking lengths on the way. */
function walk(
  value: unknown,
  shape: readonly number[],
  depth: number,
  path: string,
  visit: (values: readonly unknown[], path: string) => void,
): void {
  const expected = shape[depth]
  if (!Array.isArray(value))
    throw new TypeError(
      `ragged array: ${path} is ${describeValue(value)}, but an array of ${expected} is expected there`,
    )
  if (value.length !== expected) {
    throw new TypeError(
      `ragged array: ${path} has ${countOf(value.length, 'element')}, but ${expected} are expected there`,
    )
  }
  if (depth === shape.length - 1) {
    visit(value, path)
    return
  }
  for (let i = 0; i < value.length; i++) walk(value[i], shape, depth + 1, `${path}[${i}]`, visit)
}

function fromLeaves(nested: readonly unknown[], shape: number[], kind: Leaf | undefined, name: string): Tensor {
  const numbers = new Float64Array(kind === 'number' ? sizeOf(shape) : 0)
  const others: unknown[] = []
  const flat: { [index: number]: unknown } = kind === 'number' ? numbers : others
  let position = 0
  walk(nested, shape, 0, name, (values, path) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      const found = leafKind(value)
      if (found === undefined || found !== kind) {
        const problem = Array.isArray(value) || ArrayBuffer.isView(value) ? 'ragged array: ' : ''
        const mixed =
          found !== undefined && kind !== undefined ? `, but the elements before it are ${kind}s` : ', not a number'
        const list = isTensorObject(value) ? ': of a list of tensors, take one, or compare all with toMatchTensors' : ''
        throw new TypeError(`${problem}${path}[${i}] is ${describeValue(value)}${mixed}${list}`)
      }
      flat[position++] = value
    }
  })
  if (kind === 'number') return { data: numbers, shape, dtype: 'float64' }
  const dtype = inferDType(others)
  return { data: storeAs(dtype, others, name), shape, dtype }
}

function fromTypedRows(
  nested: readonly unknown[],
  outer: readonly number[],
  shape: number[],
  dtype: DType,
  name: string,
): Tensor {
  const rowLength = shape[shape.length - 1]
  const data = allocate(dtype, sizeOf(shape))
  let position = 0
  walk(nested, outer, 0, name, (rows, path) => {
    rows.forEach((row, i) => {
      const stored = viewAsStorage(row, `${path}[${i}]`)
      if (stored?.dtype !== dtype) {
        throw new TypeError(`${path}[${i}] is ${describeValue(row)}, but the rows before it are ${dtype} arrays`)
      }
      if (stored.data.length !== rowLength) {
        throw new TypeError(
          `ragged array: ${path}[${i}] has ${stored.data.length} elements, but ${rowLength} are expected there`,
        )
      }
      ;(data as Float32Array).set(stored.data as Float32Array, position)
      position += rowLength
    })
  })
  return { data, shape, dtype }
}
