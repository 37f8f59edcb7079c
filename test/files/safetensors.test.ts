import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors, safetensors } from '../../src/files/safetensors.ts'
import { memorySource } from '../../src/files/source.ts'
import { anyTensor, bitsOf } from './arbitrary.ts'
import { cube, fixtureBytes, withBfloat16 } from './fixture.ts'

/** A file with this header (an object, or its text) and this many bytes of data. */
function fileWith(header: unknown, dataBytes = 0): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeUInt32LE(json.length)
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)])
}

function entry(overrides: object = {}): object {
  return { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...overrides }
}

describe('a file that the reference implementation wrote', () => {
  const bytes = fixtureBytes('all.safetensors')
  const metadata = { note: 'ü\n"quoted"' }

  test('is read', () => {
    const file = decodeSafetensors(bytes)
    expect(file.metadata).toEqual(metadata)
    expect(Object.keys(file.tensors).toSorted()).toEqual(Object.keys(withBfloat16).toSorted())
    for (const [name, tensor] of Object.entries(file.tensors)) {
      expect(bitsOf(tensor), name).toEqual(bitsOf(withBfloat16[name] ?? cube))
    }
  })
  test('is written again as the same bytes', () => {
    expect(Buffer.from(encodeSafetensors(withBfloat16, metadata))).toEqual(Buffer.from(bytes))
  })
  test('8-bit floats are refused by name', () => {
    expect(() => decodeSafetensors(fixtureBytes('refused-float8.safetensors'), 'a.safetensors')).toThrow(
      'a.safetensors, tensor "x": dtype F8_E4M3 is not supported; convert the tensor to float32 or float16 before saving it',
    )
  })
})

test('a tensor that cannot be read does not hide the others', () => {
  const header = {
    a: { dtype: 'F8_E5M2', shape: [3], data_offsets: [0, 3] },
    b: { dtype: 'U8', shape: [2], data_offsets: [3, 5] },
    c: { dtype: 'F3', shape: [1], data_offsets: [5, 6] },
  }
  const { names, read } = safetensors.open(memorySource(fileWith(header, 6), 'a.safetensors'))
  expect(names).toEqual(['a', 'b', 'c'])
  expect(read('b')).toEqual({ data: Uint8Array.of(0, 0), shape: [2], dtype: 'uint8' })
  expect(() => read('a')).toThrow('a.safetensors, tensor "a": dtype F8_E5M2 is not supported')
  expect(() => read('c')).toThrow('a.safetensors, tensor "c": unknown dtype "F3"; expected one of')
})

test('tensors whose data is not aligned are read, each into memory of its own', () => {
  const header = {
    a: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
    b: { dtype: 'F64', shape: [1], data_offsets: [1, 9] },
  }
  const file = fileWith(header, 9)
  new DataView(file.buffer, file.byteOffset).setFloat64(file.length - 8, 1.5, true)
  const { b } = decodeSafetensors(file).tensors
  expect(b?.data).toEqual(Float64Array.of(1.5))
  expect(b?.data.buffer.byteLength).toBe(8)
})

describe('damaged files', () => {
  test.each([
    ['an empty file', new Uint8Array(0), /begins with an 8-byte length, found 0 bytes in all/],
    [
      'a zip archive',
      fixtureBytes('stored.npz'),
      /declares a header of \d+ bytes, but only \d+ follow: .*\(a zip archive/,
    ],
    [
      'a truncated header',
      fileWith({ a: entry() }).subarray(0, 20),
      /declares a header of \d+ bytes, but only 12 follow/,
    ],
    ['invalid JSON', fileWith('{"a": '), /the header is not valid JSON/],
    [
      'invalid UTF-8',
      Buffer.concat([fileWith('{"').subarray(0, 9), Buffer.from([0xff])]),
      /the header is not valid JSON/,
    ],
    [
      'a byte order mark',
      fileWith(`\ufeff${JSON.stringify({ a: entry() })}`, 24),
      /the header is not valid JSON \(it begins with a byte order mark\)/,
    ],
    [
      'half of a character as name',
      fileWith('{"\\ud800":{}}'),
      /the header is not valid JSON \("\\ud800" is no valid Unicode\)/,
    ],
    ['another JSON value', fileWith('[1]'), /the header is not valid JSON \(expected an object\)/],
    [
      'a name that occurs twice',
      fileWith('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}'),
      /\("a" occurs twice\)/,
    ],
    [
      'a key that occurs twice',
      fileWith('{"a":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}'),
      /\("dtype" occurs twice\)/,
    ],
    [
      'a number as metadata',
      fileWith({ __metadata__: { n: 1 } }),
      /'__metadata__' must be an object of strings, found \{"n":1\}/,
    ],
    [
      'an entry that is a number',
      fileWith({ a: 1 }),
      /tensor "a": expected an object with 'dtype', 'shape' and 'data_offsets'/,
    ],
    [
      'an unknown dtype',
      fileWith({ a: entry({ dtype: 'toString' }) }, 8),
      /tensor "a": unknown dtype "toString"; expected one of U64/,
    ],
    [
      'a missing dtype',
      fileWith({ a: entry({ dtype: undefined }) }, 8),
      /tensor "a": 'dtype' must be a string, found undefined/,
    ],
    [
      'a missing shape',
      fileWith({ a: entry({ shape: undefined }) }, 8),
      /tensor "a": 'shape' must be an array, found undefined/,
    ],
    ['a negative length', fileWith({ a: entry({ shape: [-2] }) }, 8), /integer of 0 or more, found \[-2\]/],
    ['a fractional length', fileWith({ a: entry({ shape: [0.5] }) }, 8), /integer of 0 or more, found \[0.5\]/],
    ['a length beyond 2^53', fileWith({ a: entry({ shape: [2 ** 60] }) }, 8), /integer of 0 or more/],
    ['a shape beyond 2^53', fileWith({ a: entry({ shape: [2 ** 40, 2 ** 40] }) }, 8), /is larger than any file/],
    [
      'offsets that are missing',
      fileWith({ a: entry({ data_offsets: [0] }) }, 8),
      /'data_offsets' must be two integers, found \[0\]/,
    ],
    [
      'offsets in reverse',
      fileWith({ a: entry({ data_offsets: [8, 0] }) }, 8),
      /'data_offsets' \[8, 0\] lie outside the 8 bytes of data/,
    ],
    [
      'offsets beyond the end',
      fileWith({ a: entry() }, 7),
      /\[0, 8\] lie outside the 7 bytes of data; the file is truncated/,
    ],
    [
      'a shape that takes more',
      fileWith({ a: entry({ shape: [3] }) }, 8),
      /shape \[3\] of F32 takes 12 bytes, but 'data_offsets' \[0, 8\] span 8/,
    ],
    [
      'an overlap',
      fileWith({ a: entry(), b: entry({ data_offsets: [4, 12] }) }, 12),
      /tensor "b" overlaps the one before it, at byte 4/,
    ],
    [
      'a gap',
      fileWith({ a: entry(), b: entry({ data_offsets: [12, 20] }) }, 20),
      /tensor "b" leaves a gap before it, at byte 8/,
    ],
    ['bytes at the end', fileWith({ a: entry() }, 11), /3 bytes at the end belong to no tensor/],
    ['bytes of nobody', fileWith({}, 1), /1 byte at the end belong to no tensor/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'a.safetensors')).toThrow(message)
    expect(() => decodeSafetensors(bytes, 'a.safetensors')).toThrow(/^a\.safetensors[:,] /)
  })

  test('a header length of 2^64 - 1', () => {
    const bytes = new Uint8Array(16).fill(0xff)
    expect(() => decodeSafetensors(bytes)).toThrow('declares a header of 18446744073709551615 bytes, but only 8 follow')
  })
})

test('long metadata is searched for repeated keys without running out of stack', () => {
  const metadata = { log: 'a"b'.repeat(2_000_000) }
  expect(decodeSafetensors(encodeSafetensors({}, metadata)).metadata).toEqual(metadata)
})

test.each(['__metadata__', '\udc00'])('the name %j cannot be written', (name) => {
  expect(() => encodeSafetensors({ [name]: cube })).toThrow('cannot be the name of a tensor')
})

test('metadata must be text', () => {
  expect(() => encodeSafetensors({}, { epoch: 3 } as never)).toThrow('metadata "epoch" must be a string')
})

test('every record of tensors survives a round trip', () => {
  const names = fc.string({ unit: 'grapheme', maxLength: 12 })
  fc.assert(
    fc.property(
      fc.dictionary(names, anyTensor(), { maxKeys: 5 }),
      fc.dictionary(names, fc.string({ unit: 'grapheme' }), { maxKeys: 2 }),
      (tensors, metadata) => {
        const bytes = encodeSafetensors(tensors, metadata)
        const read = decodeSafetensors(bytes)
        expect(Object.entries(read.metadata).toSorted()).toEqual(Object.entries(metadata).toSorted())
        expect(new Set(Object.keys(read.tensors))).toEqual(new Set(Object.keys(tensors)))
        for (const [name, tensor] of Object.entries(read.tensors)) {
          const original = Object.getOwnPropertyDescriptor(tensors, name)?.value
          expect(bitsOf(tensor)).toEqual(bitsOf(original))
        }
      },
    ),
    { numRuns: 200 },
  )
})
