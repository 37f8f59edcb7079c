// Tensor files that were changed: by the grammar of their headers, which mostly leaves them near to valid, and by their bytes.
import { deflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import { crc32 } from '../../src/files/crc32.ts'
import { damaged } from '../files/arbitrary.ts'
import { fixtureBytes } from '../files/fixture.ts'

/** Zeros, ones and others, of which a file takes as many as its header declares, or some more or less. */
const elements = Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 37) % 251))

const few = <T>(arbitrary: fc.Arbitrary<T>, usual: T) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary })

const itemSizes = [1, 2, 4, 8, 16]
const codes = ['f2', 'f4', 'f8', 'i1', 'i2', 'i4', 'i8', 'u1', 'u2', 'u4', 'u8', 'b1', '?']
const oddCodes = ['c8', 'f16', 'U1', 'S2', 'V2', 'O', 'M8[s]', 'f3', 'i0', '', 'f4 ', 'F4', 'e', 'd', '2f4', 'b']

const length = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 4 }) },
  fc.constantFrom(17, -1, 2 ** 31, 2 ** 40, 2 ** 53, 2 ** 62),
)
const lengths = few(fc.array(length, { maxLength: 4 }), [2, 3]).chain((shape) =>
  shape.length === 2 ? fc.array(fc.nat({ max: 3 }), { maxLength: 3 }) : fc.constant(shape),
)

/** A shape as Python writes it, and in ways that it may be written. */
const tuple = lengths.chain((shape) =>
  few(
    fc.constantFrom(
      `[${shape.join(', ')}]`,
      `(${shape.map((n) => `${n}L`).join(', ')})`,
      `(${shape.join(',')},,)`,
      shape.join(', '),
      `(${shape.map((n) => `+${n}`).join(', ')})`,
      `(${shape.map((n) => `${n}.0`).join(', ')},)`,
      `(${shape.map((n) => `0x${n.toString(16)}`).join(', ')},)`,
      `(${shape.map((n) => `${n}_0`).join(', ')},)`,
      `(${['True', ...shape].join(', ')},)`,
      `((${shape.join(', ')}))`,
      'None',
      `"${shape.join(', ')}"`,
    ),
    shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`,
  ).map((text) => ({ text, count: shape.reduce((a, b) => a * b, 1) })),
)

const npyHeader = fc
  .record({
    order: few(fc.constantFrom('>', '|', '=', '', '!'), '<'),
    code: few(fc.constantFrom(...oddCodes), 'f4').chain((code) =>
      code === 'f4' ? fc.constantFrom(...codes) : fc.constant(code),
    ),
    fortran: few(fc.constantFrom('0', 'None', '"True"', 'true'), 'False').chain((text) =>
      text === 'False' ? fc.constantFrom('True', 'False') : fc.constant(text),
    ),
    shape: tuple,
    form: few(fc.nat({ max: 9 }), -1),
  })
  .map(({ order, code, fortran, shape, form }) => {
    const descr = `'descr': '${order}${code}'`
    const items = [descr, `'fortran_order': ${fortran}`, `'shape': ${shape.text}`]
    const texts = [
      `{${items.toReversed().join(', ')}}`,
      `{${items.join(',')}}`,
      `{${[...items, "'more': 1"].join(', ')}}`,
      `{${[...items, descr].join(', ')}}`,
      `{${items.slice(1).join(', ')}}`,
      `{${items.join(', ').replaceAll("'", '"')}}`,
      `  {${items.join(',\n ')}} # comment`,
      `dict(${items.join(', ')})`,
      `{${items.join(', ').replace('descr', 'd\\x65scr')}}`,
      `{${items.join('; ')}}`,
    ]
    const size = itemSizes.find((bytes) => code.includes(String(bytes))) ?? 1
    return { text: texts[form] ?? `{${items.join(', ')}, }`, bytes: shape.count * size }
  })

const npyOf = ({ text, bytes }: { text: string; bytes: number }, version: number, pad: number, missing: number) => {
  const [preamble, size] = [Buffer.from('\x93NUMPY', 'latin1'), version === 1 ? 2 : 4]
  const header = Buffer.from(
    text + ' '.repeat(pad % 64) + (pad % 7 === 0 ? '' : '\n'),
    version === 3 ? 'utf8' : 'latin1',
  )
  const declared = Buffer.alloc(size)
  declared.writeUIntLE(header.length, 0, size)
  const count = Math.min(Math.max(Number.isFinite(bytes) ? bytes - missing : 0, 0), elements.length)
  return new Uint8Array(Buffer.concat([preamble, Buffer.of(version, 0), declared, header, elements.subarray(0, count)]))
}

/** A .npy file that nobody has damaged, whatever its header says. */
const npyFile = fc
  .tuple(npyHeader, few(fc.constantFrom(0, 2, 3, 4), 1), fc.nat({ max: 200 }), few(fc.constantFrom(-3, 1, 4), 0))
  .map((parts) => npyOf(...parts))

const damagedFixture = (...names: string[]) => fc.constantFrom(...names).chain((name) => damaged(fixtureBytes(name)))

export const npyMutant: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 2, arbitrary: npyFile },
  damagedFixture('fortran.npy', 'big-endian-u8.npy', 'version3.npy', 'bool.npy', 'scalar.npy', 'python2.npy'),
)

interface Member {
  readonly name: string
  readonly data: Uint8Array
  readonly method: number
  /** Added to the checksum, to the declared size, and to the size of what is stored. */
  readonly wrong: readonly [crc: number, size: number, stored: number]
  readonly flags: number
}

const member: fc.Arbitrary<Member> = fc.record({
  name: few(fc.constantFrom('a', 'x/y.npy', '../z.npy', '.npy', '', 'ü.npy', 'a\0.npy', 'dir/'), 'a.npy').chain(
    (name) => (name === 'a.npy' ? fc.constantFrom('a.npy', 'b.npy', 'c.npy', 'd.npy') : fc.constant(name)),
  ),
  data: few(npyMutant, fixtureBytes('float32.npy')),
  method: few(fc.constantFrom(12, 14, 1, 99), 0).chain((method) =>
    method === 0 ? fc.constantFrom(0, 8) : fc.constant(method),
  ),
  wrong: few(fc.tuple(fc.nat({ max: 1 }), fc.constantFrom(0, 1, -1, 1e9), fc.constantFrom(0, 1, -1)), [0, 0, 0]),
  flags: few(fc.constantFrom(1, 8, 0x800), 0),
})

function zipOf(members: readonly Member[], comment: string, wrongEnd: number): Uint8Array {
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, data, method, wrong, flags } of members) {
    const stored = method === 8 ? deflateRawSync(data) : Buffer.from(data)
    const encoded = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    // Names in other characters are UTF-8, and say so.
    common.writeUInt16LE(name === 'ü.npy' ? flags | 0x800 : flags, 2)
    common.writeUInt16LE(method, 4)
    common.writeUInt32LE((crc32(data) + wrong[0]) >>> 0, 10)
    common.writeUInt32LE(Math.max(stored.length + wrong[2], 0), 14)
    common.writeUInt32LE(Math.max(data.length + wrong[1], 0), 18)
    common.writeUInt16LE(encoded.length, 22)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, encoded, stored])
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\0'), common, place, encoded]))
    parts.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(members.length, 8)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(Math.max(offset + wrongEnd, 0), 16)
  end.writeUInt16LE(comment.length, 20)
  return new Uint8Array(Buffer.concat([...parts, directory, end, Buffer.from(comment)]))
}

const npzFile = fc
  .tuple(
    fc.array(member, { minLength: 0, maxLength: 3 }),
    few(fc.constantFrom('a comment', 'PK'), ''),
    few(fc.constantFrom(1, -1, 100), 0),
  )
  .map((parts) => zipOf(...parts))

export const npzMutant: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 2, arbitrary: npzFile },
  damagedFixture('stored.npz', 'deflated.npz', 'streamed.npz', 'zip64.npz', 'single.npz'),
)

const tensorTypes = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL']
const sizeOfType = (type: string): number => (type === 'BOOL' ? 1 : Number(type.replace(/\D/g, '')) / 8)

/** A tensor of a .safetensors header: its JSON but for the offsets, and how many bytes it takes. */
const entry = fc
  .record({
    type: few(fc.constantFrom('F8_E4M3', 'F4', 'C64', 'f32', 'X', '', null, 7), 'F32').chain((type) =>
      type === 'F32' ? fc.constantFrom(...tensorTypes) : fc.constant(type),
    ),
    shape: few(fc.constantFrom<unknown[]>([1.5], ['2'], [-1], [2 ** 60], [null], [true]), [2, 3]).chain((shape) =>
      shape.length === 2 ? lengths : fc.constant(shape),
    ),
    off: few(fc.constantFrom<readonly number[]>([0, 1], [1, 0], [4, 4], [-1, 0], [0.5, 0]), [0, 0]),
    extra: few(fc.constantFrom<Record<string, unknown>>({ more: 1 }, { shape: 'x' }), {}),
  })
  .map(({ type, shape, off, extra }) => {
    const count = (shape as number[]).reduce((a, b) => a * b, 1)
    return { type, shape, off, extra, bytes: typeof type === 'string' ? count * (sizeOfType(type) || 1) : count }
  })

const safetensorsFile = fc
  .record({
    entries: fc.array(entry, { maxLength: 3 }),
    metadata: few(fc.constantFrom<unknown>({ a: 1 }, null, 'x', [], { a: null }, { a: { b: 'c' } }), { a: 'b' }),
    text: few(fc.nat({ max: 9 }), -1),
    declared: few(fc.constantFrom(1, -1, 8, 2 ** 40), 0),
    trailing: few(fc.constantFrom(-1, 1, 8), 0),
  })
  .map(({ entries, metadata, text, declared, trailing }) => {
    let at = 0
    const header: Record<string, unknown> = { __metadata__: metadata }
    for (const [index, { type, shape, off, extra, bytes }] of entries.entries()) {
      const end = at + (Number.isFinite(bytes) && bytes >= 0 ? Math.min(bytes, 2 ** 50) : 0)
      header[`t${index}`] = { dtype: type, shape, data_offsets: [at + off[0], end + off[1]], ...extra }
      at = end
    }
    const json = JSON.stringify(header)
    const forms = [
      `  ${json}`,
      `${json}   `,
      `${json}\0`,
      `${json},`,
      json.replace('"t0"', '"t1"'),
      json.replace('"dtype"', '"shape":[1],"dtype"'),
      json.replaceAll(':', ' : '),
      json.replace('"t0"', '"\\u0074\\ud800"'),
      json.replace(/\d+/, (n) => `${n}e0`),
      `\ufeff${json}`,
    ]
    const bytes = Buffer.from(forms[text] ?? json)
    const start = Buffer.alloc(8)
    start.writeBigUInt64LE(BigInt(Math.max(bytes.length + declared, 0)))
    return new Uint8Array(
      Buffer.concat([start, bytes, elements.subarray(0, Math.min(Math.max(at + trailing, 0), elements.length))]),
    )
  })

export const safetensorsMutant: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 3, arbitrary: safetensorsFile },
  damagedFixture('all.safetensors'),
)
