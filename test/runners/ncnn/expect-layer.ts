// Runs a layer in both precisions and compares its output with values worked out in double precision.
import { expect } from 'vitest'
import { type RunLayerOptions, runSingle } from './run-layer.ts'

export type Nested = number | readonly Nested[]

const shapeOf = (nested: Nested): number[] =>
  typeof nested === 'number' ? [] : [nested.length, ...(nested.length === 0 ? [] : shapeOf(nested[0]))]

const flatten = (nested: Nested): number[] => (typeof nested === 'number' ? [nested] : nested.flatMap(flatten))

/** float32 by a few of its last places, float64 by a few of its own; relative to values above 1. */
const tolerances = { float32: 1e-6, float64: 1e-14 } as const

/** Runs a layer of one output; inputs and expected output are nested arrays. */
export async function expectLayer(
  type: string,
  params: Parameters<typeof runSingle>[1],
  inputs: readonly Nested[],
  expected: Nested,
  options: RunLayerOptions = {},
): Promise<void> {
  const wanted = flatten(expected)
  for (const precision of ['float32', 'float64'] as const) {
    const y = await runSingle(type, params, inputs.map(float64Tensor), { ...options, precision })
    expect(y.shape, `${precision}: shape`).toEqual(shapeOf(expected))
    expect(y.dtype).toBe(precision)
    const near = (found: number, value: number) =>
      Object.is(found, value) ||
      found === value ||
      Math.abs(found - value) <= tolerances[precision] * Math.max(1, Math.abs(value))
    const misses = wanted.flatMap((value, i) =>
      near(Number(y.data[i]), value) ? [] : `${precision}: element ${i} is ${y.data[i]} instead of ${value}`,
    )
    expect(misses).toEqual([])
  }
}

function float64Tensor(nested: Nested): { data: Float64Array; shape: number[]; dtype: 'float64' } {
  return { data: Float64Array.from(flatten(nested)), shape: shapeOf(nested), dtype: 'float64' }
}

/** Applies a function to every number of a nested array. */
export function mapNested(nested: Nested, f: (x: number) => number): Nested {
  return typeof nested === 'number' ? f(nested) : nested.map((part) => mapNested(part, f))
}

/** 0, 1, 2, ... through `f`, in the given shape. */
export function fill(shape: readonly number[], f: (i: number) => number = (i) => i): Nested {
  let next = 0
  const build = (axis: number): Nested =>
    axis === shape.length ? f(next++) : Array.from({ length: shape[axis] }, () => build(axis + 1))
  return build(0)
}
