import { describe, expect, test } from 'vitest'
import { concatenate } from '../../../src/files/format.ts'
import { bytesField, numberField, readFields, textOf, WireError } from '../../../src/runners/onnx/wire.ts'

describe('readFields', () => {
  test('reads back numbers, text and messages in order', () => {
    const inner = bytesField(3, 'inner')
    const message = concatenate([numberField(1, 300), bytesField(2, 'text'), bytesField(16, inner)])
    const [number, text, nested] = [...readFields(message)]
    expect(number).toMatchObject({ id: 1, value: 300 })
    expect(text.id).toBe(2)
    expect(textOf(text.content)).toBe('text')
    expect(nested.id).toBe(16)
    expect(concatenate([number.whole, text.whole, nested.whole])).toEqual(message)
    expect(textOf([...readFields(nested.content)][0].content)).toBe('inner')
  })

  test('knows the example of the specification: field 1 is 150', () => {
    expect([...readFields(Uint8Array.of(0x08, 0x96, 0x01))]).toMatchObject([{ id: 1, value: 150 }])
  })

  test('skips fixed-width fields', () => {
    const bytes = Uint8Array.of(0x0d, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 7)
    expect([...readFields(bytes)].map(({ id, content }) => [id, content.length])).toEqual([
      [1, 4],
      [2, 8],
      [3, 1],
    ])
  })

  test('numbers up to 2^53 are exact', () => {
    expect([...readFields(numberField(1, Number.MAX_SAFE_INTEGER))][0].value).toBe(Number.MAX_SAFE_INTEGER)
  })

  test.each([
    ['that end within a number', [0x08, 0x80]],
    ['with a part longer than they are', [0x0a, 0x7f, 1]],
    ['with field number 0', [0x00]],
    ['with a group, which the format has given up', [0x0b]],
    ['with an endless number', [0x08, ...new Array(11).fill(0x80)]],
    ['that end within a fixed-width field', [0x0d, 1, 2]],
  ])('refuses bytes %s', (_, bytes) => {
    expect(() => [...readFields(Uint8Array.from(bytes))]).toThrow(WireError)
  })
})
