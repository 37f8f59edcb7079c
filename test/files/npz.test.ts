import * as fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { crc32, crc32InSteps } from '../../src/files/crc32.ts'
import { TensorFileError } from '../../src/files/error.ts'
import { encodeNpy } from '../../src/files/npy.ts'
import { decodeNpz, encodeNpz } from '../../src/files/npz.ts'
import { dtypes } from '../../src/tensor/dtype.ts'
import { expectSame } from '../in-loops.ts'
import { anyTensor, bitsOf } from './arbitrary.ts'
import { arrays, cube, fixtureBytes } from './fixture.ts'

const ramp = { data: Float32Array.from({ length: 64 }, (_, i) => i), shape: [64], dtype: 'float32' }

/** Offsets of a zip signature such as `PK\x01\x02`. */
function find(bytes: Uint8Array, signature: string): number {
  const at = Buffer.from(bytes).indexOf(signature, 0, 'latin1')
  if (at < 0) throw new Error('signature not found')
  return at
}

/** The file with a little-endian number written at an offset. */
function patched(bytes: Uint8Array, offset: number, value: number, width = 4): Uint8Array {
  const copy = Buffer.from(bytes)
  copy.writeUIntLE(value, offset, width)
  return new Uint8Array(copy)
}

/** All names, shapes, dtypes and bits. */
const textOf = (tensors: ReturnType<typeof decodeNpz>): string =>
  JSON.stringify(Object.entries(tensors).map(([name, tensor]) => [name, bitsOf(tensor)]))

describe('files that numpy and zipfile wrote', () => {
  test.each(['stored', 'deflated'])('%s', (name) => {
    const tensors = decodeNpz(fixtureBytes(`${name}.npz`))
    expect(Object.keys(tensors)).toEqual(Object.keys(arrays))
    for (const [key, tensor] of Object.entries(tensors))
      expect(bitsOf(tensor), key).toEqual(bitsOf(arrays[key] ?? cube))
  })
  test('zip64 records', () => {
    expect(decodeNpz(fixtureBytes('zip64.npz'))).toEqual({
      a: cube,
      b: { data: Int16Array.of(0, 1, 2), shape: [3], dtype: 'int16' },
    })
  })
  test('sizes behind the data, a comment, a member that is not an array', () => {
    expect(decodeNpz(fixtureBytes('streamed.npz'))).toEqual({ x: ramp })
  })
  test('an unnamed array', () => {
    expect(decodeNpz(fixtureBytes('single.npz'))).toEqual({ arr_0: cube })
  })
  test('another compression is refused by name', () => {
    expect(() => decodeNpz(fixtureBytes('refused-bzip2.npz'), 'a.npz')).toThrow(
      'a.npz, array "x": is compressed with bzip2; expected stored or deflated data',
    )
  })
})

describe('damaged archives', () => {
  const stored = encodeNpz({ x: cube, y: cube })
  const deflated = encodeNpz({ x: cube, y: cube }, { compress: true })
  const directory = find(deflated, 'PK\x01\x02')
  const end = find(deflated, 'PK\x05\x06')
  const firstData = 30 + 'x.npy'.length
  const zip64 = fixtureBytes('zip64.npz')

  test.each([
    [
      'an empty file',
      new Uint8Array(0),
      /not a zip archive: expected a zip directory at the end, found an empty file$/,
    ],
    ['a .npy file', fixtureBytes('int8.npy'), /not a zip archive: .* \(a \.npy array\)/],
    [
      'a truncated file',
      deflated.subarray(0, deflated.length - 1),
      /the zip directory .* is missing: the file is truncated/,
    ],
    [
      'an entry count too low',
      patched(deflated, end + 10, 1, 2),
      /the zip directory has \d+ bytes, but its 1 members take/,
    ],
    [
      'an entry count too high',
      patched(deflated, end + 10, 3, 2),
      /declares a zip directory of 3 members in \d+ bytes .* which does not fit/,
    ],
    ['an absurd entry count', patched(deflated, end + 10, 65535, 2), /declares a zip directory of 65535 members/],
    ['a directory beyond the end', patched(deflated, end + 16, 2 ** 31), /declares a zip directory .* does not fit/],
    ['part of a split archive', patched(deflated, end + 4, 1, 2), /one part of a split zip archive/],
    ['an encrypted member', patched(deflated, directory + 8, 1, 2), /"x\.npy" is encrypted/],
    ['a damaged directory entry', patched(deflated, directory, 0), /entry 1 of 2 in the zip directory is damaged/],
    [
      'a zip bomb',
      patched(deflated, directory + 24, 2 ** 31),
      /declares 2147483648 bytes in \d+ bytes of deflated data, which is not possible/,
    ],
    [
      'a stored size that differs',
      patched(stored, find(stored, 'PK\x01\x02') + 24, 5),
      /declares 5 bytes in 224 bytes of stored data/,
    ],
    ['overlapping members', patched(deflated, directory + 20, 100_000), /which runs into what follows at byte/],
    [
      'a name that differs',
      patched(deflated, directory + 46, 0x7a, 1),
      /calls a member "z\.npy", its own header "x\.npy"/,
    ],
    [
      'a zero byte in a name',
      patched(patched(deflated, directory + 46, 0, 1), 30, 0, 1),
      /the name of a member, "\\u0000\.npy", has a zero byte/,
    ],
    [
      'part of a split zip64 archive',
      patched(zip64, find(zip64, 'PK\x06\x07') + 4, 1),
      /one part of a split zip archive/,
    ],
    ['a gap behind the directory', patched(deflated, end + 12, 50), /does not fit: it should end at byte \d+/],
    [
      'a changed extension',
      patched(deflated, directory + 48, 0x51, 1),
      /calls a member "x\.Qpy", its own header "x\.npy"/,
    ],
    ['a name that is not UTF-8', patched(deflated, directory + 46, 0xff, 1), /the name of a member is not UTF-8/],
    ['a damaged local header', patched(deflated, 0, 0), /the header of "x\.npy" is damaged/],
    ['a local header elsewhere', patched(deflated, directory + 42, 1), /the header of "x\.npy" is damaged/],
    [
      'a wrong checksum',
      patched(deflated, directory + 16, 1),
      /array "x": expected the checksum 00000001, found [0-9a-f]{8}; the file is damaged/,
    ],
    ['a stored byte that changed', patched(stored, firstData + 200, 0xff, 1), /array "x": expected the checksum/],
    [
      'a deflated byte that changed',
      patched(deflated, firstData + 60, deflated[firstData + 60] ^ 0xff, 1),
      /array "x": /,
    ],
    [
      'a size that is too small',
      patched(deflated, directory + 24, 223),
      /array "x": shape \[2, 3, 4\] of float32 takes 96 bytes, but 95 follow/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow(message)
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow(/^a\.npz[:,] /)
  })

  test('an array whose member is not called .npy is one, as for numpy', () => {
    const bytes = Buffer.from(deflated)
    for (let at = bytes.indexOf('y.npy'); at >= 0; at = bytes.indexOf('y.npy')) bytes.write('y.bin', at)
    expect(decodeNpz(bytes)).toEqual({ x: cube, 'y.bin': cube })
  })

  test('two arrays of one name', () => {
    const bytes = Buffer.from(encodeNpz({ aaaaa: cube, b: cube }))
    for (let at = bytes.indexOf('b.npy'); at >= 0; at = bytes.indexOf('b.npy')) bytes.write('aaaaa', at)
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow('a.npz: has two arrays called "aaaaa"')
  })

  test('a member that is none beside an array of its name', () => {
    const bytes = zipSync({ 'x.npy': encodeNpy(cube), x: new Uint8Array(3), notes: new Uint8Array(3) })
    const message = 'a.npz: has a member "x" beside the array "x.npy": which of them "x" is, is not sure'
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow(message)
  })

  test('two members of one name', () => {
    const bytes = Buffer.from(deflated)
    for (let at = bytes.indexOf('y.npy'); at >= 0; at = bytes.indexOf('y.npy')) bytes.write('x.npy', at)
    expect(() => decodeNpz(bytes, 'a.npz')).toThrow('a.npz: has two members called "x.npy"')
  })

  test('any single changed byte is noticed or does not matter', () => {
    for (const file of [stored, deflated, fixtureBytes('zip64.npz'), fixtureBytes('streamed.npz')]) {
      const intact = textOf(decodeNpz(file))
      for (let at = 0; at < file.length; at++) {
        let tensors: ReturnType<typeof decodeNpz> | undefined
        try {
          tensors = decodeNpz(patched(file, at, (file[at] ?? 0) ^ (1 << (at % 8)), 1))
        } catch (error) {
          if (!(error instanceof TensorFileError)) throw error
        }
        if (tensors) expectSame(textOf(tensors), intact, `byte ${at}`)
      }
    }
  })
})

test('the same tensors give the same bytes', () => {
  expect(Buffer.from(encodeNpz(arrays))).toEqual(Buffer.from(encodeNpz(arrays)))
  expect(Buffer.from(encodeNpz({})).toString('latin1')).toBe(`PK\x05\x06${'\0'.repeat(18)}`)
  expect(decodeNpz(encodeNpz({}))).toEqual({})
})

test.each(['', 'a\0b', '\ud800', 'x'.repeat(70_000)])('the name %j cannot be written', (name) => {
  expect(() => encodeNpz({ [name]: cube })).toThrow(/cannot be the name of an array|is too long/)
})

test('bfloat16 cannot be written', () => {
  const tensor = { data: Uint16Array.of(0x3f80), shape: [1], dtype: 'bfloat16' } as const
  expect(() => encodeNpz({ a: cube, b: tensor })).toThrow('.npz bytes, array "b": the .npy format has no bfloat16')
})

test('every record of tensors survives a round trip', () => {
  const storable = dtypes.filter((dtype) => dtype !== 'bfloat16')
  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((name) => !name.includes('\0'))
  fc.assert(
    fc.property(fc.dictionary(names, anyTensor(storable), { maxKeys: 4 }), fc.boolean(), (tensors, compress) => {
      const read = decodeNpz(encodeNpz(tensors, { compress }))
      expect(Object.entries(read).map(([name, tensor]) => [name, bitsOf(tensor)])).toEqual(
        Object.entries(tensors).map(([name, tensor]) => [name, bitsOf(tensor)]),
      )
    }),
    { numRuns: 200 },
  )
})

test('a tensor may be called __proto__', () => {
  const read = decodeNpz(encodeNpz(Object.fromEntries([['__proto__', cube]])))
  expect(Object.entries(read)).toEqual([['__proto__', cube]])
})

test.each([0, 1, 5, 4096])('the checksum of %i bytes is the same without zlib', (length) => {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 131) & 0xff)
  expect(crc32InSteps(bytes)).toBe(crc32(bytes))
})
