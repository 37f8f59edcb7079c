// The chains in which ncnn's ARM code adds up: small cases, written out.
import { expect, test } from 'vitest'
import {
  inFourChains,
  inTurn,
  throughBlocks,
} from '../../../../../../src/runners/ncnn/engines/wasm/operations/half-order.ts'

test('terms go to the chains in turn; of those that are left, fours go to the first four chains and the rest to the first', () => {
  expect(inTurn(10, 4)).toEqual([
    [0, 4, 8, 9],
    [1, 5],
    [2, 6],
    [3, 7],
  ])
  expect(inTurn(14, 8)).toEqual([[0, 8, 12, 13], [1, 9], [2, 10], [3, 11], [4], [5], [6], [7]])
  expect(inTurn(3, 1)).toEqual([[0, 1, 2]])
})

test('one chain takes the channels in blocks, tap by tap', () => {
  expect(throughBlocks(4, 2, 2)).toEqual([[0, 2, 1, 3, 4, 6, 5, 7]])
  expect(throughBlocks(2, 3, 1)).toEqual([[0, 1, 2, 3, 4, 5]])
})

test('four chains take eight, four, two and one channel at a time', () => {
  expect(inFourChains(8, 1)).toEqual([
    [0, 4],
    [1, 5],
    [2, 6],
    [3, 7],
  ])
  expect(inFourChains(8, 2)).toEqual([
    [0, 8, 1, 9],
    [2, 10, 3, 11],
    [4, 12, 5, 13],
    [6, 14, 7, 15],
  ])
  expect(inFourChains(7, 2)).toEqual([
    [0, 1, 8, 9, 12, 13],
    [2, 3, 10, 11],
    [4, 5],
    [6, 7],
  ])
})
