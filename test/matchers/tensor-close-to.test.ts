import * as jestExpect from 'expect'
import { describe, expect, test, vi } from 'vitest'
import { registerTensorMatchers } from '../../src/matchers/register.ts'
import type { AsymmetricTensorMatchers } from '../../src/matchers/types.ts'
import '../../src/vitest.ts'
import { reportOf } from './report-of.ts'
import { randomNumbers } from './samples.ts'

registerTensorMatchers(jestExpect.expect)
const jest = jestExpect.expect as typeof jestExpect.expect & AsymmetricTensorMatchers

const reference = Float32Array.of(0.1, -0.2, 0.3)
const drifted = Float32Array.of(0.1001, -0.2, 0.3)

describe.each([
  ['Vitest', expect as unknown as typeof jest],
  ['Jest', jest],
])("inside %s's own matchers", (_, expect) => {
  test('matches within tolerance', () => {
    expect({ id: 7, emb: drifted }).toEqual({ id: 7, emb: expect.tensorCloseTo(reference, { atol: 1e-3 }) })
    expect([drifted]).toEqual([expect.tensorCloseTo([0.1, -0.2, 0.3], { atol: 1e-3 })])
    expect({ id: 7, emb: drifted }).toMatchObject({ emb: expect.tensorCloseTo(reference, { preset: 'fp16-weights' }) })
    expect({ emb: drifted }).not.toEqual({ emb: expect.tensorCloseTo(reference, { atol: 1e-5 }) })
  })

  test('.not matches a tensor of this shape that is out of tolerance, and nothing else', () => {
    const { not } = expect as unknown as { not: AsymmetricTensorMatchers }
    expect({ emb: drifted }).toEqual({ emb: not.tensorCloseTo(reference, { atol: 1e-5 }) })
    expect({ emb: drifted }).not.toEqual({ emb: not.tensorCloseTo(reference, { atol: 1e-3 }) })
    expect({ emb: [1, 2] }).not.toEqual({ emb: not.tensorCloseTo(reference) })
    expect({ emb: 'text' }).not.toEqual({ emb: not.tensorCloseTo(reference) })
    expect({ emb: 'text' }).not.toEqual({ emb: expect.tensorCloseTo(reference) })
  })

  test('a wrong reference or option is an error where it is written', () => {
    expect(() => expect.tensorCloseTo('text' as never)).toThrow(/reference must be a tensor/)
    expect(() => expect.tensorCloseTo(reference, { atoll: 1 } as never)).toThrow(/unknown option 'atoll'/)
  })

  test('a failure with 100 000 elements is a diff of a few lines', () => {
    const large = Float32Array.from(randomNumbers(100_000, 7))
    const scaled = large.map((value) => value * 1.5)
    const shapes = [scaled, Array.from(scaled), { data: scaled, dims: [1, 100_000], type: 'float32' }]
    for (const emb of shapes) {
      const text = reportOf(() =>
        expect({ id: 7, emb }).toEqual({ id: 7, emb: expect.tensorCloseTo(large, { atol: 1e-3 }) }),
      )
      expect(text).toContain('tensorCloseTo(float32 [100000], { atol: 1e-3 })')
      expect(text.split('\n').length).toBeLessThan(30)
    }
  })
})

test('matches the arguments of a mock', () => {
  const infer = vi.fn()
  infer(drifted)
  expect(infer).toHaveBeenCalledWith(expect.tensorCloseTo(reference, { atol: 1e-3 }))
  expect(infer).not.toHaveBeenCalledWith(expect.tensorCloseTo(reference, { atol: 1e-5 }))
})

test('leaves a value that did not match as it was', async () => {
  const large = Float32Array.from(randomNumbers(100, 7))
  const json = JSON.stringify(large)
  expect({ large }).not.toEqual({ large: expect.tensorCloseTo(new Float32Array(100)) })
  expect(JSON.stringify(large)).toBe(json)
  await new Promise((resolve) => setTimeout(resolve, 1))
  expect(Object.hasOwn(large, 'toJSON')).toBe(false)
})

test("a small tensor of a library is one line in a diff, with its numbers and without the library's own", () => {
  class LibraryTensor {
    readonly shape = [2]
    readonly dtype = 'float32'
    readonly backend = { registry: Array.from({ length: 200 }, (_, i) => ({ kernel: i })) }
    readonly data: Float32Array
    constructor(...values: number[]) {
      this.data = Float32Array.from(values)
    }
    dataSync(): Float32Array {
      return this.data
    }
  }
  const drifted = new LibraryTensor(1, 2.5)
  const text = reportOf(() =>
    expect({ emb: drifted }).toEqual({ emb: expect.tensorCloseTo(new LibraryTensor(1, 2), { atol: 0.1 }) }),
  )
  expect(text).toContain('tensorCloseTo(float32 [2] (1, 2), { atol: 0.1 })')
  expect(text).toContain('float32 [2] (1, 2.5): 1 of 2 elements (50%) exceeds the tolerance')
  expect(text).not.toContain('kernel')
  expect(text.split('\n').length).toBeLessThan(20)
})
