import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeNpy, encodeNpy } from '../../src/files/npy.ts'
import { decodeSafetensors } from '../../src/files/safetensors.ts'
import { dtypes } from '../../src/tensor/dtype.ts'
import { anyTensor, bitsOf } from './arbitrary.ts'
import { arrays, cube, fixtureBytes } from './fixture.ts'

/** A .npy file of version 1 (or another) with this header and these data bytes. */
function npyWith(header: string, dataBytes = 0, version = [1, 0]): Uint8Array {
  const text = Buffer.from(header, 'latin1')
  const length = Buffer.alloc(version[0] === 1 ? 2 : 4)
  length.writeUInt16LE(text.length)
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.from(version),
    length,
    text,
    Buffer.alloc(dataBytes),
  ])
}

describe('files that numpy wrote', () => {
  test.each(Object.entries(arrays))('%s is read, and written again as the same bytes', (name, expected) => {
    const bytes = fixtureBytes(`${name}.npy`)
    const tensor = decodeNpy(bytes)
    expect(bitsOf(tensor)).toEqual(bitsOf(expected))
    expect(Buffer.from(encodeNpy(tensor))).toEqual(Buffer.from(bytes))
  })

  test.each([
    ['i2', 'int16'],
    ['i4', 'int32'],
    ['u2', 'uint16'],
    ['u4', 'uint32'],
    ['f4', 'float32'],
    ['f8', 'float64'],
  ])('big-endian %s', (code, dtype) => {
    const { data, ...rest } = decodeNpy(fixtureBytes(`big-endian-${code}.npy`))
    expect(rest).toEqual({ shape: [2, 3], dtype })
    expect([...data]).toEqual([0, 1, 2, 3, 4, 5])
  })
  test.each(['i8', 'u8'])('big-endian %s', (code) => {
    expect([...decodeNpy(fixtureBytes(`big-endian-${code}.npy`)).data]).toEqual([0n, 1n, 2n, 3n, 4n, 5n])
  })
  test('big-endian f2', () => {
    expect([...decodeNpy(fixtureBytes('big-endian-f2.npy')).data]).toEqual([0, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500])
  })

  test('Fortran order becomes row-major', () => {
    expect(decodeNpy(fixtureBytes('fortran.npy'))).toEqual(cube)
    expect(decodeNpy(fixtureBytes('fortran-big-endian.npy'))).toEqual({
      data: Int16Array.from(cube.data, Number),
      shape: [2, 3, 4],
      dtype: 'int16',
    })
  })

  test.each(['version2', 'version3', 'python2'])('%s', (name) => {
    expect(decodeNpy(fixtureBytes(`${name}.npy`))).toEqual({ data: Int16Array.of(0, 1, 2), shape: [3], dtype: 'int16' })
  })

  test('data that is not aligned, keys in another order, double quotes', () => {
    expect(decodeNpy(fixtureBytes('misaligned.npy')).data).toEqual(Float64Array.of(1.5, -2))
  })

  test.each([
    ['object', /a\.npy: dtype '\|O' is not numeric .* Python objects, stored as a pickle/],
    ['structured', /structured array .* save each field/],
    ['complex', /dtype '<c8' .* complex numbers; save the real and imaginary parts/],
    ['datetime', /dtype '<M8\[s\]' .* dates/],
    ['text', /dtype '<U3' .* text/],
    ['longdouble', /dtype '<f16' .* array\.astype\("float64"\)/],
    ['bfloat16', /dtype '<V2' .* bfloat16 arrays of ml_dtypes .* \.safetensors/],
    ['float8', /dtype '<V1' .* raw bytes of no known type/],
  ])('%s is refused', (name, message) => {
    expect(() => decodeNpy(fixtureBytes(`refused-${name}.npy`), 'a.npy')).toThrow(message)
  })
})

describe('what is not a .npy file', () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
  test.each([
    ['an empty file', new Uint8Array(0), /not a \.npy array: .* found an empty file/],
    ['a zip archive', fixtureBytes('stored.npz'), /found 50 4b 03 04 .* \(a zip archive, such as \.npz or \.pt\)/],
    ['only the magic', Buffer.from('\x93NUMPY', 'latin1'), /ends after 6 bytes, inside the header/],
    ['no header length', Buffer.from('\x93NUMPY\x02\x00\x10', 'latin1'), /ends after 9 bytes, inside the header/],
    ['an unknown version', npyWith(header, 8, [4, 0]), /version 4\.0 is unknown; expected 1\.0, 2\.0 or 3\.0/],
    ['a header beyond the end', npyWith(header).subarray(0, 30), /declares a header of 57 bytes, but only 20 follow/],
    [
      'missing data',
      npyWith(header, 7),
      /shape \[2\] of float32 takes 8 bytes, but 7 follow the header: the file is truncated/,
    ],
    [
      'too much data',
      npyWith(header, 9),
      /takes 8 bytes, but 9 follow the header: was numpy\.save called several times/,
    ],
    ['a missing key', npyWith("{'descr': '<f4', 'shape': (2,)}", 8), /found the keys "descr", "shape"/],
    ['another key', npyWith(header.replace('}', "'extra': 1}"), 8), /found the keys .*"extra"/],
    ['a list', npyWith('[1]', 8), /the header must be a dict/],
    [
      'code',
      npyWith('__import__("os").system("true")'),
      /the header is not a Python dict: expected a value at character 0/,
    ],
    ['a fractional shape', npyWith(header.replace('(2,)', '(2.5,)'), 8), /not a Python dict/],
    [
      'a number as shape',
      npyWith(header.replace('(2,)', '2'), 8),
      /'shape' in the header must be a tuple of integers, found 2/,
    ],
    [
      'a list as shape, which numpy refuses',
      npyWith(header.replace('(2,)', '[2]'), 8),
      /'shape' in the header must be a tuple of integers, found {"list":\[2\]}/,
    ],
    ['a negative length', npyWith(header.replace('(2,)', '(-1,)'), 8), /integer of 0 or more, found \[-1\]/],
    [
      'a huge shape',
      npyWith(header.replace('(2,)', '(4503599627370496, 4503599627370496)')),
      /is larger than any file/,
    ],
    [
      'no elements along huge axes',
      npyWith(header.replace('(2,)', '(4503599627370496, 0, 4503599627370496)')),
      /is larger than any file/,
    ],
    ['a huge array', npyWith(header.replace('(2,)', '(1000000000000,)'), 8), /takes 4000000000000 bytes, but 8 follow/],
    [
      'another order',
      npyWith(header.replace('False', '0'), 8),
      /'fortran_order' in the header must be True or False, found 0/,
    ],
    [
      'native byte order',
      npyWith(header.replace('<f4', '=f4'), 8),
      /does not say its byte order; expected '<f4' or '>f4'/,
    ],
    [
      'an unknown dtype',
      npyWith(header.replace('<f4', 'constructor'), 8),
      /complex numbers|unknown dtype 'constructor'/,
    ],
    ['an inherited name', npyWith(header.replace('<f4', '<toString'), 8), /unknown dtype '<toString'/],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(message)
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(/^a\.npy: /)
  })
})

test('every non-zero byte of a bool is true', () => {
  const bytes = fixtureBytes('bool.npy')
  bytes[bytes.length - 1] = 255
  expect(decodeNpy(bytes)).toEqual(arrays.bool)
})

test('the result does not share memory with the bytes', () => {
  const bytes = fixtureBytes('float32.npy')
  const { data } = decodeNpy(bytes)
  bytes.fill(0)
  expect(data).toEqual(arrays.float32?.data)
  expect(data.buffer.byteLength).toBe(data.byteLength)
})

test('bfloat16 cannot be written', () => {
  const tensor = { data: Uint16Array.of(0x3f80), shape: [1], dtype: 'bfloat16' } as const
  expect(() => encodeNpy(tensor, 'a.npy')).toThrow(
    /^a\.npy: the \.npy format has no bfloat16; write a \.safetensors file/,
  )
})

test('64 axes and no more', () => {
  const withAxes = (axes: number) => ({
    data: Float32Array.of(7),
    shape: new Array<number>(axes).fill(1),
    dtype: 'float32' as const,
  })
  expect(decodeNpy(encodeNpy(withAxes(64)))).toEqual(withAxes(64))
  expect(() => encodeNpy(withAxes(65))).toThrow('the tensor: the shape has 65 axes; a tensor has at most 64')
  const one = { dtype: 'F32', shape: withAxes(65).shape, data_offsets: [0, 4] }
  const header = new TextEncoder().encode(JSON.stringify({ one }))
  const bytes = Uint8Array.of(header.length, header.length >> 8, 0, 0, 0, 0, 0, 0, ...header, 0, 0, 0, 0)
  expect(() => decodeSafetensors(bytes)).toThrow('the shape has 65 axes; a tensor has at most 64')
})

test('every tensor survives a round trip bit by bit', () => {
  const storable = dtypes.filter((dtype) => dtype !== 'bfloat16')
  fc.assert(
    fc.property(anyTensor(storable), (tensor) => {
      expect(bitsOf(decodeNpy(encodeNpy(tensor)))).toEqual(bitsOf(tensor))
    }),
    { numRuns: 300 },
  )
})
