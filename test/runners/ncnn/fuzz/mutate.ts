// Damages a model file the way files get damaged: numbers changed, tokens and lines lost or doubled, bytes flipped, ends cut.
import fc from 'fast-check'
import type { Tensor } from '../../../../src/tensor/tensor.ts'
import type { FuzzModel } from './models.ts'

/** Numbers on which parsers and loops break. */
const awkwardNumbers = [
  '0',
  '-1',
  '1',
  '2',
  '3',
  '7',
  '-233',
  '-234',
  '100',
  '255',
  '65536',
  '16777217',
  '2147483647',
  '-2147483648',
  '4294967295',
  '99999999999',
  '1e38',
  '-1e38',
  '1e-45',
  '0.5',
  '1e400',
  'nan',
  'inf',
  '-23300=3,1,2',
  '""',
  '"0w*1e9"',
  'x',
  '',
]

type Edit = (lines: string[]) => void

const position = fc.nat()
const at = <T>(list: readonly T[], index: number): number => index % Math.max(list.length, 1)

/** Replaces one of the numbers of a line, parameter ids and counts among them. */
const changeNumber = fc.tuple(position, position, fc.constantFrom(...awkwardNumbers)).map(
  ([line, number, value]): Edit =>
    (lines) => {
      const row = at(lines, line)
      const numbers = [...lines[row].matchAll(/-?\d+(\.\d+)?(e-?\d+)?/g)]
      const match = numbers[at(numbers, number)]
      if (match !== undefined)
        lines[row] = lines[row].slice(0, match.index) + value + lines[row].slice(match.index + match[0].length)
    },
)

/** Replaces the value of a parameter: damage that only the layer itself can find. */
const changeParam = fc.tuple(position, position, fc.constantFrom(...awkwardNumbers)).map(
  ([line, index, value]): Edit =>
    (lines) => {
      const rows = lines.flatMap((text, row) => (/ -?\d+=\S/.test(text) ? [row] : []))
      if (rows.length === 0) return
      const row = rows[at(rows, line)]
      const params = [...lines[row].matchAll(/ -?\d+=(\S+)/g)]
      const [text, old] = params[at(params, index)]
      const counted = text.match(/^ -\d+=\d+,/)
      lines[row] = lines[row].replace(text, counted ? text.replace(/,[^,]*/, `,${value}`) : text.replace(old, value))
    },
)

const dropToken = fc.tuple(position, position).map(
  ([line, token]): Edit =>
    (lines) => {
      const row = at(lines, line)
      const tokens = lines[row].split(' ')
      tokens.splice(at(tokens, token), 1)
      lines[row] = tokens.join(' ')
    },
)

/** Makes a token equal to another one: names blobs twice, closes cycles, mixes up types. */
const copyToken = fc.tuple(position, position, position, position).map(
  ([from, token, to, place]): Edit =>
    (lines) => {
      const source = lines[at(lines, from)].split(' ')
      const row = at(lines, to)
      const target = lines[row].split(' ')
      target[at(target, place)] = source[at(source, token)]
      lines[row] = target.join(' ')
    },
)

const addParam = fc.tuple(position, fc.integer({ min: -1, max: 33 }), fc.constantFrom(...awkwardNumbers)).map(
  ([line, id, value]): Edit =>
    (lines) => {
      lines[at(lines, line)] += ` ${id}=${value}`
    },
)

const dropLine = position.map(
  (line): Edit =>
    (lines) => {
      lines.splice(at(lines, line), 1)
    },
)

const doubleLine = fc.tuple(position, position).map(
  ([from, to]): Edit =>
    (lines) => {
      lines.splice(at(lines, to), 0, lines[at(lines, from)])
    },
)

const textEdit = fc.oneof(
  { weight: 12, arbitrary: changeParam },
  { weight: 5, arbitrary: changeNumber },
  { weight: 2, arbitrary: addParam },
  copyToken,
  dropToken,
  dropLine,
  doubleLine,
)

/** Keeps the counts of the header right half of the time, so that more damage gets past the parser. */
const mutateParam = (param: string) =>
  fc.tuple(fc.array(textEdit, { minLength: 1, maxLength: 2 }), fc.boolean()).map(([edits, fixHeader]) => {
    const lines = param.split('\n')
    for (const edit of edits) edit(lines)
    if (fixHeader) lines[1] = `${lines.slice(2).filter((line) => line.trim() !== '').length} 99`
    return lines.join('\n')
  })

const mutateBin = (bin: Uint8Array) =>
  fc.oneof(
    { weight: 10, arbitrary: fc.constant(bin) },
    fc.nat(bin.length).map((length) => bin.slice(0, length)),
    fc.uint8Array({ maxLength: 64 }).map((extra) => Uint8Array.from([...bin, ...extra])),
    fc
      .array(fc.tuple(fc.nat(Math.max(bin.length - 1, 0)), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const damaged = bin.slice()
        for (const [index, value] of changes) damaged[index] = value
        return damaged
      }),
  )

/** Replaces words of a binary .param, or cuts it. */
const mutateBinaryParam = (param: Uint8Array) => {
  const word = fc.oneof(
    fc.constantFrom(
      0,
      -1,
      1,
      2,
      3,
      7,
      -233,
      -234,
      255,
      65536,
      16777217,
      2147483647,
      -2147483648,
      0x7f800000,
      0x7fc00000,
    ),
    fc.integer({ min: -40, max: 110 }),
  )
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc.array(fc.tuple(position, word), { minLength: 1, maxLength: 3 }).map((changes) => {
        const words = new Int32Array(param.slice().buffer)
        for (const [index, value] of changes) words[at([...words], index)] = value
        return new Uint8Array(words.buffer)
      }),
    },
    fc.nat(param.length).map((length) => param.slice(0, length)),
  )
}

/** A tensor with another shape: the wrong input for most models. */
const reshape = (tensor: Tensor): fc.Arbitrary<Tensor> =>
  fc.array(fc.constantFrom(1, 2, 3, 4, 5, 7, 8), { minLength: 1, maxLength: 4 }).map((shape) => {
    const size = shape.reduce<number>((product, length) => product * length, 1)
    const data = Float32Array.from({ length: size }, (_, i) => Number(tensor.data[i % tensor.data.length]))
    return { data, shape, dtype: 'float32' }
  })

const mutateInputs = (inputs: FuzzModel['inputs']): fc.Arbitrary<FuzzModel['inputs']> =>
  fc.record(
    Object.fromEntries(
      Object.entries(inputs).map(([name, tensor]) => [
        name,
        fc.oneof({ weight: 8, arbitrary: fc.constant(tensor) }, reshape(tensor)),
      ]),
    ),
  )

/** A damaged variant of one of `models`. */
export function damaged(models: readonly FuzzModel[]): fc.Arbitrary<FuzzModel> {
  return fc.constantFrom(...models).chain(({ param, bin, inputs }) =>
    fc.record({
      param: typeof param === 'string' ? mutateParam(param) : mutateBinaryParam(param),
      bin: mutateBin(bin),
      inputs: mutateInputs(inputs),
    }),
  )
}
