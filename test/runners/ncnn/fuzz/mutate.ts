// Damages a model file the way files get damaged: numbers changed, tokens and lines lost or doubled, bytes flipped, ends cut.
import fc from 'fast-check'
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
  { weight: 5, arbitrary: changeNumber },
  { weight: 2, arbitrary: addParam },
  copyToken,
  dropToken,
  dropLine,
  doubleLine,
)

/** Keeps the counts of the header right half of the time, so that more damage gets past the parser. */
const mutateParam = (param: string) =>
  fc.tuple(fc.array(textEdit, { minLength: 1, maxLength: 3 }), fc.boolean()).map(([edits, fixHeader]) => {
    const lines = param.split('\n')
    for (const edit of edits) edit(lines)
    if (fixHeader) lines[1] = `${lines.slice(2).filter((line) => line.trim() !== '').length} 99`
    return lines.join('\n')
  })

const mutateBin = (bin: Uint8Array) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(bin) },
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

/** A damaged variant of one of `models`. */
export function damaged(models: readonly FuzzModel[]): fc.Arbitrary<FuzzModel> {
  return fc
    .constantFrom(...models)
    .chain(({ param, bin, inputs }) =>
      fc.record({ param: mutateParam(param), bin: mutateBin(bin), inputs: fc.constant(inputs) }),
    )
}
