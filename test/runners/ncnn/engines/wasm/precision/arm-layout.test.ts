// The blocks in which ncnn's ARM code takes channels, and the algorithms that options leave it.
import { expect, test } from 'vitest'
import { armLayout, packOf } from '../../../../../../src/runners/ncnn/engines/wasm/precision/arm-layout.ts'

const packing = armLayout({ usePackingLayout: true }, true)

test.each([
  [16, 8],
  [12, 4],
  [6, 1],
])('%d channels come in blocks of %d', (channels, block) => {
  expect(packOf(channels, packing)).toBe(block)
})

test('blocks need packing, and those of eight arithmetic in half precision', () => {
  expect(packOf(16, armLayout({}, true))).toBe(1)
  expect(packOf(16, packing, false)).toBe(4)
})

test('tiles of Winograd are those that are asked for, where the layer may have any', () => {
  const options = { useWinogradConvolution: true, useWinograd43Convolution: false }
  expect(armLayout(options, true).tiles).toEqual([2, 6])
  expect(armLayout(options, false).tiles).toEqual([])
  expect(armLayout({}, true).tiles).toEqual([])
})
