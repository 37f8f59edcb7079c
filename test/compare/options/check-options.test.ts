// Wrong options are errors that name the option, never a comparison with something else.
import { describe, expect, test } from 'vitest'
import { compareTensors } from '../../../src/compare/compare-tensors.ts'
import { checkOptions } from '../../../src/compare/options/check-options.ts'
import type { CompareOptions } from '../../../src/compare/options/options.ts'

describe('refuses', () => {
  test.each<[unknown, ErrorConstructor, string]>([
    [{ atol: -1 }, RangeError, 'atol must be finite and not negative, got -1'],
    [{ atol: Number.NaN }, RangeError, 'atol must be finite and not negative, got NaN'],
    [{ rtol: Infinity }, RangeError, 'rtol must be finite and not negative, got Infinity'],
    [{ rtol: '1e-3' }, TypeError, 'rtol must be a number, got the string "1e-3"'],
    [{ rtol: 1n }, TypeError, 'rtol must be a number, got the bigint 1'],
    [{ tol: 1 }, TypeError, "unknown option 'tol' (did you mean 'atol'?)"],
    [{ Atol: 1 }, TypeError, "unknown option 'Atol' (did you mean 'atol'?)"],
    [{ equalNan: true }, TypeError, "unknown option 'equalNan' (did you mean 'equalNaN'?)"],
    [{ max_mismatch: 1 }, TypeError, "unknown option 'max_mismatch' (did you mean 'maxMismatch'?)"],
    [{ colour: 1 }, TypeError, "unknown option 'colour'; there are atol, rtol, preset, "],
    [{ toString: 1 }, TypeError, "unknown option 'toString'"],
    [
      { preset: 'fp16' },
      TypeError,
      "preset must be one of 'exact', 'fp32', 'fp16-weights', 'bf16', 'int8', got 'fp16'",
    ],
    [{ preset: 'fp-32' }, TypeError, "(did you mean 'fp32'?)"],
    [{ preset: 3 }, TypeError, 'got the number 3'],
    [{ equalNaN: 1 }, TypeError, 'equalNaN must be true or false, got the number 1'],
    [{ squeeze: 'yes' }, TypeError, 'squeeze must be true or false'],
    [{ checkDtype: null }, TypeError, 'checkDtype must be true or false, got null'],
    [
      { normalize: 'L2' },
      TypeError,
      "normalize must be one of 'l2', 'l1', 'max', 'minmax', 'zscore', 'softmax', got 'L2' (did you mean 'l2'?)",
    ],
    [{ normalize: true }, TypeError, 'normalize must be one of'],
    [{ axis: 0.5 }, TypeError, 'axis must be a whole number or a list of them'],
    [{ axis: [] }, TypeError, 'axis must be a whole number or a list of them, got []'],
    [{ axis: ['0'] }, TypeError, 'axis must be a whole number or a list of them, got [0]'],
    [
      { maxMismatch: -1 },
      RangeError,
      "maxMismatch must be a whole number of elements or a percentage such as '0.1%', got -1",
    ],
    [{ maxMismatch: 0.5 }, RangeError, 'maxMismatch must be a whole number'],
    [{ maxMismatch: '5' }, RangeError, "maxMismatch must be a percentage from '0%' to '100%', got '5'"],
    [{ maxMismatch: '101%' }, RangeError, "got '101%'"],
    [{ maxMismatch: '-1%' }, RangeError, "got '-1%'"],
    [{ maxMismatch: true }, TypeError, 'maxMismatch must be a number or a percentage'],
    [{ metrics: { cos: 1 } }, TypeError, "unknown option 'metrics.cos' (did you mean 'metrics.cosine'?)"],
    [{ metrics: { cosin: 1 } }, TypeError, "unknown option 'metrics.cosin' (did you mean 'metrics.cosine'?)"],
    [{ metrics: { cosine: 1.1 } }, RangeError, 'metrics.cosine must be from -1 to 1, got 1.1'],
    [{ metrics: { rmse: -1 } }, RangeError, 'metrics.rmse must be finite and not negative, got -1'],
    [{ metrics: { snr: Number.NaN } }, RangeError, 'metrics.snr must be finite, got NaN'],
    [{ metrics: { snr: '20' } }, TypeError, 'metrics.snr must be a number'],
    [{ metrics: ['cosine'] }, TypeError, 'metrics must be an object such as { cosine: ... }, got an array'],
    [
      { layout: 'nhwc' },
      TypeError,
      "layout must name the axes on both sides of '->', such as 'nhwc->nchw', got 'nhwc'",
    ],
    [{ layout: 'nhwc->nch' }, TypeError, "layout 'nhwc->nch' must name the same axes on both sides, each once"],
    [{ layout: 'nn->nn' }, TypeError, 'each once'],
    [{ layout: 5 }, TypeError, 'layout must be a string'],
    [null, TypeError, 'the options must be an object such as { atol: ... }, got null'],
    [1e-3, TypeError, 'the options must be an object such as { atol: ... }, got the number 0.001'],
    [[], TypeError, 'got an array'],
  ])('%o', (options, type, message) => {
    const compare = () => compareTensors([1], [1], options as CompareOptions)
    expect(compare).toThrow(type)
    expect(compare).toThrow(message)
  })

  test.each<[CompareOptions, string]>([
    [{ normalize: 'l2', axis: 1 }, 'axis 1 is out of range for a tensor with 1 axis'],
    [{ normalize: 'l2', axis: [0, -1] }, 'axis [0, -1] names an axis twice'],
    [{ layout: 'ab->ba' }, "layout 'ab->ba' names 2 axes, but actual has 1: [2]"],
  ])('%j, which does not fit the tensors', (options, message) => {
    expect(() => compareTensors([1, 2], [1, 2], options)).toThrow(RangeError)
    expect(() => compareTensors([1, 2], [1, 2], options)).toThrow(message)
  })
})

test('an option that is undefined counts as not given', () => {
  expect(checkOptions({ atol: undefined, preset: undefined, metrics: undefined })).toEqual(
    expect.objectContaining({ atol: undefined, preset: undefined, metrics: [] }),
  )
})

test.each<[CompareOptions['maxMismatch'], number, number]>([
  [undefined, 100, 0],
  [3, 100, 3],
  ['1%', 250, 2],
  ['0.1%', 100, 0],
  ['100%', 7, 7],
  ['12.5%', 8, 1],
])('maxMismatch %s of %i elements is %i', (maxMismatch, total, allowed) => {
  expect(checkOptions({ maxMismatch }).allowedMisses(total)).toBe(allowed)
})
