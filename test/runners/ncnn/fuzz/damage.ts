// Damages the bytes of a model file the way files get damaged: numbers changed, tokens and lines lost or doubled, bytes flipped, ends cut.
import fc from 'fast-check'

/** A damage and the numbers that say where and how. */
export interface Damage {
  readonly kind: DamageKind
  readonly picks: readonly [number, number, number, number]
}

export interface Files {
  param: string | Uint8Array
  bin: Uint8Array
}

type Apply = (files: Files, picks: Damage['picks']) => void

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
const awkwardWords = [
  0, -1, 1, 2, 3, 7, -233, -234, 255, 65536, 16777217, 2147483647, -2147483648, 0x7f800000, 0x7fc00000, -23300, -23400,
]

const at = (list: { readonly length: number }, index: number): number => index % Math.max(list.length, 1)

const inLines =
  (change: (lines: string[], picks: Damage['picks']) => void): Apply =>
  (files, picks) => {
    if (typeof files.param !== 'string') return
    const lines = files.param.split('\n')
    change(lines, picks)
    files.param = lines.join('\n')
  }

/** Replaces one of the numbers of a line, parameter ids and counts among them. */
const changeNumber = inLines((lines, [line, number, value]) => {
  const row = at(lines, line)
  const numbers = [...lines[row].matchAll(/-?\d+(\.\d+)?(e-?\d+)?/g)]
  const match = numbers[at(numbers, number)]
  if (match === undefined) return
  const text = awkwardNumbers[at(awkwardNumbers, value)]
  lines[row] = lines[row].slice(0, match.index) + text + lines[row].slice(match.index + match[0].length)
})

const dropToken = inLines((lines, [line, token]) => {
  const row = at(lines, line)
  const tokens = lines[row].split(' ')
  tokens.splice(at(tokens, token), 1)
  lines[row] = tokens.join(' ')
})

/** Makes a token equal to another one: names blobs twice, closes cycles, mixes up types. */
const copyToken = inLines((lines, [from, token, to, place]) => {
  const source = lines[at(lines, from)].split(' ')
  const row = at(lines, to)
  const target = lines[row].split(' ')
  target[at(target, place)] = source[at(source, token)]
  lines[row] = target.join(' ')
})

const dropLine = inLines((lines, [line]) => lines.splice(at(lines, line), 1))

const doubleLine = inLines((lines, [from, to]) => lines.splice(at(lines, to), 0, lines[at(lines, from)]))

/** Cuts the .param, text or binary, or replaces what stands there. */
const cutParam: Apply = (files, [length]) => {
  files.param = files.param.slice(0, at(files.param, length))
}

const changeByte: Apply = (files, [where, byte]) => {
  const { param } = files
  const place = at(param, where)
  if (typeof param === 'string') {
    files.param = param.slice(0, place) + String.fromCharCode(byte % 256) + param.slice(place + 1)
  } else if (param.length > 0) files.param = param.with(place, byte % 256)
}

const changeWord: Apply = (files, [where, word, way]) => {
  const { param } = files
  if (typeof param === 'string' || param.length < 4) return
  const changed = param.slice()
  const value = way % 2 === 0 ? awkwardWords[at(awkwardWords, word)] : (word % 150) - 40
  new DataView(changed.buffer).setInt32(4 * (where % Math.floor(param.length / 4)), value, true)
  files.param = changed
}

const cutBin: Apply = (files, [length]) => {
  files.bin = files.bin.slice(0, at(files.bin, length))
}

const extendBin: Apply = (files, [length, byte]) => {
  files.bin = Uint8Array.from([...files.bin, ...new Array(1 + (length % 64)).fill(byte % 256)])
}

const flipBin: Apply = (files, [where, byte]) => {
  if (files.bin.length > 0) files.bin = files.bin.with(at(files.bin, where), byte % 256)
}

const kinds = {
  changeNumber: [4, changeNumber],
  copyToken: [2, copyToken],
  dropToken: [1, dropToken],
  dropLine: [1, dropLine],
  doubleLine: [1, doubleLine],
  cutParam: [1, cutParam],
  changeByte: [2, changeByte],
  changeWord: [8, changeWord],
  cutBin: [1, cutBin],
  extendBin: [1, extendBin],
  flipBin: [3, flipBin],
} as const satisfies Record<string, readonly [weight: number, apply: Apply]>

type DamageKind = keyof typeof kinds

const anyNumber = fc.nat({ max: 2 ** 20 })

export const anyDamage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.oneof(
    ...Object.entries(kinds).map(([kind, [weight]]) => ({ weight, arbitrary: fc.constant(kind as DamageKind) })),
  ),
  picks: fc.tuple(anyNumber, anyNumber, anyNumber, anyNumber),
})

export function applyDamage(files: Files, { kind, picks }: Damage): void {
  kinds[kind][1](files, picks)
}
