import { describe, expect, test } from 'vitest'
import { evaluateSizes } from '../../../../../../src/runners/ncnn/engines/wasm/shapes/expression.ts'
import { NcnnError } from '../../../../../../src/runners/ncnn/error.ts'

/** 0w 4, 0h 3, 0c 2; 1w 5, 1h 7. */
const shapes = [
  [2, 3, 4],
  [7, 5],
]
const evaluate = (expression: string): number[] => evaluateSizes(expression, shapes)

describe('sizes', () => {
  test.each([
    ['0w', [4]],
    ['0w,0h,0c', [4, 3, 2]],
    ['1w,1h', [5, 7]],
    ['0d,1d,1c,0n', [1, 1, 1, 1]],
    ['-1,*(0h,2),+(1h,2)', [-1, 6, 9]],
    ['+(*(-2,1),10)', [8]],
  ])('%s', (expression, sizes) => expect(evaluate(expression)).toEqual(sizes))
})

describe('arithmetic', () => {
  test.each([
    ['integer quotients are cut towards zero', '//(-7,2)', -3],
    ['quotients with a float are floored', '//(-7.5,2)', -4],
    ['/ gives a float, which the end of the expression cuts', '/(7,2)', 3],
    ['floats remain floats until then', '*(/(7,2),2)', 7],
    ['floor', 'floor(-1.5)', -2],
    ['ceil', 'ceil(/(7,2))', 4],
    ['round takes halves away from zero', 'round(-2.5)', -3],
    ['trunc', 'trunc(-2.9)', -2],
    ['remainder has the sign of the divisor', 'remainder(-7,3)', 2],
    ['fmod has the sign of the dividend', 'fmod(-7,3)', -1],
    ['max', 'max(0w,1w)', 5],
    ['min', 'min(0w,1w)', 4],
    ['pow', 'pow(2,10)', 1024],
    ['square', 'square(-3)', 9],
    ['sign', 'sign(-3)', -1],
    ['abs', 'abs(-3)', 3],
    ['neg', 'neg(0w)', -4],
    ['sqrt', 'sqrt(81)', 9],
    ['functions one after the other', 'round(*(100,sin(asin(0.25))))', 25],
    ['and', 'and(12,10)', 8],
    ['or', 'or(12,10)', 14],
    ['xor', 'xor(12,10)', 6],
    ['lshift', 'lshift(3,2)', 12],
    ['rshift', 'rshift(-12,2)', -3],
    ['integers have 32 bits', '*(65536,65537)', 65536],
    ['what follows a number is passed over', '0h//2', 0],
  ])('%s: %s', (_, expression, value) => expect(evaluate(expression)).toEqual([value]))
})

describe('what cannot be evaluated is an error that quotes the expression', () => {
  test.each([
    ['2w', '"2w" refers to an input that the layer does not have'],
    ['+(1', '"+" needs 2 arguments'],
    ['sqrt', '"sqrt" needs 1 arguments'],
    ['cube(2)', '"cube" is neither a number, a size such as 0w, nor an operator'],
    ['//(1,0)', 'it divides by zero'],
    ['/(1,0)', 'it gives Infinity, which is not a size'],
    ['sqrt(-1)', 'it gives NaN, which is not a size'],
    ['exp(50)', 'which is not a size'],
    ['and(1.5,1)', 'a bitwise operator works on integers only'],
    ['(),', 'it is empty'],
  ])('%s', (expression, message) => {
    expect(() => evaluate(expression)).toThrow(NcnnError)
    expect(() => evaluate(expression)).toThrow(`shape expression "${expression}": `)
    expect(() => evaluate(expression)).toThrow(message)
  })

  test('however deep it is nested', () => {
    expect(evaluate(`${'neg('.repeat(100_000)}1`)).toEqual([1])
  })
})
