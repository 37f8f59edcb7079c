// Arrays from another realm, where `instanceof Float32Array` is false: what Jest and vm contexts hand over.
import vm from 'node:vm'
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import { toTensor } from '../../src/tensor/to-tensor.ts'

const context = vm.createContext({})
const foreign = (code: string) => vm.runInContext(`(${code})`, context)

describe('another realm', () => {
  test('the context really is one', () => {
    expect(foreign('new Float32Array(1)') instanceof Float32Array).toBe(false)
  })

  test.each([
    ['new Float32Array([1, 2])', 'float32', [2]],
    ['new BigInt64Array([1n, 2n])', 'int64', [2]],
    ['new Float64Array([0, 1, 2]).subarray(1)', 'float64', [2]],
    ['[[1, 2], [3, 4]]', 'float64', [2, 2]],
    ['({ data: new Float32Array(4), shape: [2, 2], dtype: "float32" })', 'float32', [2, 2]],
    ['({ data: new Uint16Array(4), dims: [4], type: "float16" })', 'float16', [4]],
    ['[new Float32Array(3), new Float32Array(3)]', 'float32', [2, 3]],
  ])('%s', (code, dtype, shape) => {
    expect(toTensor(foreign(code))).toMatchObject({ dtype, shape: [...shape] })
  })

  test.each([10, 100_000])('%i elements compare as if they were our own', (length) => {
    const theirs = foreign(`Float32Array.from({ length: ${length} }, (_, i) => Math.fround(i / 7))`)
    const ours = Float32Array.from({ length }, (_, i) => i / 7)
    expect(compareTensors(theirs, ours, { preset: 'exact' }).pass).toBe(true)
    theirs[length - 1] += 1
    const { pass, worst } = compareTensors(theirs, ours)
    expect(pass).toBe(false)
    expect(worst[0]?.index).toEqual([length - 1])
  })
})
