// Reads the text form of .param files, of every generation.
// Format: Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md
import type { ModelErrorCode } from '../model-error.ts'
import { NcnnError } from './error.ts'
import { type Graph, type GraphLayer, maxParamCount, type NumberParam, type StoredParam } from './graph.ts'
import { bitsOfFloat } from './words.ts'

const magic = '7767517'

/** Ids at and below this mark an array whose length is written first: `-23303=2,0.1,0.2` is parameter 3. */
const firstArrayId = -23300

const integerPattern = /^[+-]?\d+$/
const numberPattern = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/**
 * Parses the text of a .param file.
 * @param source name of the file, for messages
 * @throws {NcnnError} naming the line and what was expected there
 */
export function parseParamText(text: string, source: string): Graph {
  const lines = significantLines(text)
  const fail = (line: number, message: string, code?: ModelErrorCode): never => {
    throw new NcnnError(`${source}, line ${line}: ${message}`, { code })
  }

  const [first] = lines
  if (first === undefined) {
    const problem = text.startsWith('\0') ? 'the file begins with zeros (is it the .bin?)' : 'the file is empty'
    throw new NcnnError(`${source}: ${problem}; an ncnn .param file starts with ${magic}`, { code: 'truncated' })
  }
  if (fieldsOf(first.text)[0] !== magic) {
    fail(first.number, `expected ncnn's magic number ${magic}, found "${shorten(first.text)}". ${guessFormat(text)}`)
  }
  const { counts, rest } = splitHeader(lines, source)
  const [layerCount, blobCount] = parseCounts(counts, fail)
  if (rest.length < layerCount) {
    fail(
      counts.number,
      `${layerCount} layers are declared, but ${rest.length} follow. Was the file cut or edited?`,
      'truncated',
    )
  }

  const layers = rest.slice(0, layerCount).map((line) => parseLayer(line, fail))
  refuseMisplaced(layers, fail)
  const blobs = new Set(layers.flatMap(({ layer }) => [...layer.inputs, ...layer.outputs])).size
  const ignored = rest.length - layerCount
  const notes = [
    ...(ignored > 0
      ? [
          `line ${counts.number} declares ${layerCount} layers, but ${rest.length} follow; ncnn ignores the last ${ignored}`,
        ]
      : []),
    ...rest.slice(0, layerCount).flatMap(noteOnMixed),
    ...(blobs > blobCount ? [`line ${counts.number} declares ${blobCount} blobs, but there are ${blobs}`] : []),
  ]
  return { layers: layers.map(({ layer }) => layer), source, notes, isPartial: ignored > 0 }
}

/** What begins like this, and what to do with it. */
const otherFormats: readonly (readonly [is: (text: string) => boolean, advice: string])[] = [
  [
    (text) => /^\s*(77675\d\d|\d+\s+\d+)\s*$/m.test(text),
    'It was written by a converter of 2017, which ncnn no longer reads: convert the model again',
  ],
  [(text) => /^\s*<(!doctype|html|\?xml)/i.test(text), 'It is a web page: was a link downloaded, or an error?'],
  [(text) => /^\s*\{/.test(text), 'It is JSON: loadTfjs takes the model.json of TensorFlow.js'],
  [(text) => text.startsWith('version https://git-lfs'), 'It is a Git LFS pointer: run "git lfs pull"'],
  // the first field of an ONNX file is its version, a small number
  [(text) => text.charCodeAt(0) === 8 && text.charCodeAt(1) < 32, 'It looks like an ONNX model, which loadOnnx takes'],
  [(text) => text.includes('7\0'), 'It is UTF-16: save it as UTF-8'],
]

function guessFormat(text: string): string {
  const begin = text.slice(0, 200)
  return otherFormats.find(([is]) => is(begin))?.[1] ?? 'Is this an ncnn .param file?'
}

interface Line {
  readonly number: number
  readonly text: string
}

type Fail = (line: number, message: string) => never

/** What ends a text: NUL a C string, Ctrl-Z a file of DOS. */
const endsOfText = ['\0', '\x1A']

/** Lines with something on them; a line that starts with `#` is a comment. */
function significantLines(text: string): Line[] {
  return endsOfText
    .reduce((rest, end) => rest.split(end, 1)[0], text)
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line, index) => ({ number: index + 1, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'))
}

const fieldsOf = (text: string): string[] => text.split(/\s+/)

/** The magic number and the two counts are three words, on however many lines. */
function splitHeader(lines: readonly Line[], source: string): { counts: Line; rest: readonly Line[] } {
  let words = 0
  for (const [index, line] of lines.entries()) {
    words += fieldsOf(line.text).length
    if (words < 3) continue
    const header = lines.slice(0, index + 1)
    const text = header.map((part) => part.text).join(' ')
    return { counts: { number: line.number, text: text.slice(magic.length).trim() }, rest: lines.slice(index + 1) }
  }
  throw new NcnnError(`${source}: the file ends after its first line; "<layers> <blobs>" must follow`, {
    code: 'truncated',
  })
}

function parseCounts(line: Line, fail: Fail): [layers: number, blobs: number] {
  const fields = fieldsOf(line.text)
  const [layers, blobs] = fields.map(Number)
  if (fields.length !== 2 || !isCount(layers) || !isCount(blobs)) {
    return fail(line.number, `expected "<layer count> <blob count>", found "${shorten(line.text)}"`)
  }
  return [layers, blobs]
}

/** ncnn keeps the bits of each element as it is written, and takes all for what the last one is: of `-23301=2,1,0.5` the first is 1.4e-45. */
function noteOnMixed({ number, text }: Line): string[] {
  const arrays = fieldsOf(text).filter((field) => /^-233\d\d=\d+,/.test(field))
  const mixed = arrays.find((field) => {
    const parts = field.split(',').slice(1)
    const isWhole = integerPattern.test(parts.at(-1) ?? '')
    return parts.some((part) => integerPattern.test(part) !== isWhole && Number(part) !== 0)
  })
  if (mixed === undefined) return []
  return [
    `line ${number}: ${shorten(mixed)} mixes whole numbers and others, of which ncnn mistakes the bits: write 1.0 for 1`,
  ]
}

interface LayerLine {
  readonly line: number
  readonly layer: GraphLayer
}

/** `Convolution conv1 1 1 data conv1_out 0=16 1=3`: type, name, numbers of inputs and outputs, their names, parameters. */
function parseLayer(line: Line, fail: Fail): LayerLine {
  const words = [...line.text.matchAll(/\S+/g)]
  const [type, name, inputCountText, outputCountText] = words.map(([word]) => word)
  if (type === undefined || name === undefined || inputCountText === undefined || outputCountText === undefined) {
    return fail(
      line.number,
      `a layer needs at least "type name inputs outputs", found ${words.length} fields: "${shorten(line.text)}"`,
    )
  }
  const inputCount = Number(inputCountText)
  const outputCount = Number(outputCountText)
  if (!isCount(inputCount) || !isCount(outputCount)) {
    fail(
      line.number,
      `layer "${shorten(name)}": expected the numbers of inputs and outputs, found "${shorten(inputCountText)} ${shorten(outputCountText)}"`,
    )
  }
  const firstParam = 4 + inputCount + outputCount
  if (firstParam > words.length) {
    fail(
      line.number,
      `layer "${shorten(name)}" declares ${inputCount} inputs and ${outputCount} outputs, but only ${words.length - 4} fields follow`,
    )
  }
  const blobs = words.slice(4, firstParam).map(([word]) => word)
  const params = new Map<number, StoredParam>()
  for (const field of splitParams(line.text.slice(words[firstParam]?.index ?? line.text.length))) {
    const [id, value] = parseParam(field, (message) => fail(line.number, `layer "${shorten(name)}": ${message}`))
    params.set(id, value)
  }
  const layer: GraphLayer = {
    type,
    name,
    inputs: blobs.slice(0, inputCount),
    outputs: blobs.slice(inputCount),
    params,
    position: `line ${line.number}`,
  }
  return { line: line.number, layer }
}

/** A blob may be called `0=1`, but one that is named only once is a parameter of a layer whose counts are wrong. */
function refuseMisplaced(layers: readonly LayerLine[], fail: Fail): void {
  const uses = new Map<string, number>()
  for (const { layer } of layers) {
    for (const blob of [...layer.inputs, ...layer.outputs]) uses.set(blob, (uses.get(blob) ?? 0) + 1)
  }
  for (const { line, layer } of layers) {
    const misplaced = [...layer.inputs, ...layer.outputs].find((blob) => /^-?\d+=/.test(blob) && uses.get(blob) === 1)
    if (misplaced === undefined) continue
    fail(
      line,
      `layer "${shorten(layer.name)}" declares ${layer.inputs.length} inputs and ${layer.outputs.length} outputs, but "${shorten(misplaced)}" among them is a parameter`,
    )
  }
}

/** Splits at white space, but keeps a quoted value, such as an expression `6="+(0h,1)"`, together. */
function splitParams(text: string): string[] {
  return text.match(/[^\s=]*=(?:"[^"]*"|\S*)|\S+/g) ?? []
}

function parseParam(field: string, fail: (message: string) => never): [id: number, value: StoredParam] {
  const separator = field.indexOf('=')
  const idText = field.slice(0, separator)
  const valueText = field.slice(separator + 1)
  if (separator < 1 || !integerPattern.test(idText)) {
    return fail(`expected a parameter such as "0=16", found "${shorten(field)}"`)
  }
  const rawId = Number(idText)
  const countedArray = rawId <= firstArrayId
  const id = countedArray ? firstArrayId - rawId : rawId
  if (id < 0 || id >= maxParamCount) return fail(`parameter id ${idText} is outside 0 to ${maxParamCount - 1}`)
  if (valueText === '') return fail(`parameter ${idText} has no value`)

  if (countedArray) return [id, parseCountedArray(idText, valueText, fail)]
  if (/^["a-z]/i.test(valueText)) return [id, parseString(idText, valueText, fail)]
  const isArray = valueText.includes(',')
  const numbers = valueText
    .replace(/,$/, '')
    .split(',')
    .map((part) => parseNumber(part, idText, fail))
  const type = numbers[0].type
  const words = numbers.map((number) => (type === 'float' ? asFloat(number) : number).word)
  const odd = numbers.findIndex((number) => type === 'int' && number.type === 'float')
  if (odd > 0) fail(`array ${idText} begins with an integer, but element ${odd} is none: "${shorten(valueText)}"`)
  return [id, { words, type, isArray }]
}

function parseString(idText: string, text: string, fail: (message: string) => never): string {
  const isQuoted = text.startsWith('"')
  if (isQuoted && !(text.length > 1 && text.endsWith('"'))) {
    return fail(`the string of parameter ${idText} does not end: ${shorten(text)}`)
  }
  return isQuoted ? text.slice(1, -1) : text
}

interface NumberWord {
  readonly type: 'int' | 'float'
  readonly word: number
}

const asFloat = ({ type, word }: NumberWord): NumberWord =>
  type === 'float' ? { type, word } : { type: 'float', word: bitsOfFloat(word) }

/** Each element is stored by itself; what the last one is, ncnn takes all to be. */
function parseCountedArray(idText: string, valueText: string, fail: (message: string) => never): NumberParam {
  const [lengthText = '', ...parts] = valueText.split(',')
  const length = Number(lengthText)
  if (!isCount(length)) return fail(`array ${idText} must start with its length, found "${shorten(lengthText)}"`)
  if (length !== parts.length) return fail(`array ${idText} says it has ${length} elements, but ${parts.length} follow`)
  const numbers = parts.map((part) => parseNumber(part, idText, fail))
  return { words: numbers.map(({ word }) => word), type: numbers.at(-1)?.type ?? 'int', isArray: true }
}

/** A number without point and exponent is an integer; all others are single precision, as in ncnn. */
function parseNumber(text: string, idText: string, fail: (message: string) => never): NumberWord {
  if (integerPattern.test(text)) {
    const word = Number(text)
    if (word < -(2 ** 31) || word >= 2 ** 31) return fail(`parameter ${idText}: ${text} does not fit 32 bits`)
    return { type: 'int', word }
  }
  if (!numberPattern.test(text)) return fail(`parameter ${idText}: expected a number, found "${shorten(text)}"`)
  const value = Math.fround(Number(text))
  if (!Number.isFinite(value)) return fail(`parameter ${idText}: ${shorten(text)} does not fit a float of 32 bits`)
  return { type: 'float', word: bitsOfFloat(value) }
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0
}

/** Keeps a message readable when the file is not what it should be. */
function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
