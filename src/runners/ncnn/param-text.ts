// Reads the text form of .param files, of every generation.
// Format: Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md
import { NcnnError } from './error.ts'
import { type Graph, type GraphLayer, maxParamCount, type ParamValue } from './graph.ts'

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
  const fail = (line: number, message: string): never => {
    throw new NcnnError(`${source}, line ${line}: ${message}`)
  }

  const [first, counts, ...rest] = lines
  if (first === undefined) throw new NcnnError(`${source}: the file is empty; an ncnn .param file starts with ${magic}`)
  if (first.text !== magic) {
    fail(
      first.number,
      `expected ncnn's magic number ${magic}, found "${shorten(first.text)}". Is this an ncnn .param file?`,
    )
  }
  if (counts === undefined)
    throw new NcnnError(`${source}: the file ends after its first line; "<layers> <blobs>" must follow`)
  const [layerCount, blobCount] = parseCounts(counts, fail)
  if (rest.length !== layerCount) {
    fail(counts.number, `${layerCount} layers are declared, but ${rest.length} follow. Was the file cut or edited?`)
  }

  const layers = rest.map((line) => parseLayer(line, fail))
  const blobs = layers.reduce((sum, layer) => sum + layer.outputs.length, 0)
  if (blobs > blobCount) fail(counts.number, `${blobCount} blobs are declared, but the layers produce ${blobs}`)
  return { layers, source }
}

interface Line {
  readonly number: number
  readonly text: string
}

type Fail = (line: number, message: string) => never

/** Lines with something on them; a line that starts with `#` is a comment. */
function significantLines(text: string): Line[] {
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'))
}

function parseCounts(line: Line, fail: Fail): [layers: number, blobs: number] {
  const fields = line.text.split(/\s+/)
  const [layers, blobs] = fields.map(Number)
  if (fields.length !== 2 || !isCount(layers) || !isCount(blobs)) {
    return fail(line.number, `expected "<layer count> <blob count>", found "${shorten(line.text)}"`)
  }
  return [layers, blobs]
}

/** `Convolution conv1 1 1 data conv1_out 0=16 1=3`: type, name, numbers of inputs and outputs, their names, parameters. */
function parseLayer(line: Line, fail: Fail): GraphLayer {
  const fields = splitFields(line.text)
  const [type, name, inputCountText, outputCountText, ...rest] = fields
  if (type === undefined || name === undefined || inputCountText === undefined || outputCountText === undefined) {
    return fail(
      line.number,
      `a layer needs at least "type name inputs outputs", found ${fields.length} fields: "${shorten(line.text)}"`,
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
  if (inputCount + outputCount > rest.length) {
    fail(
      line.number,
      `layer "${shorten(name)}" declares ${inputCount} inputs and ${outputCount} outputs, but only ${rest.length} fields follow`,
    )
  }
  const inputs = rest.slice(0, inputCount)
  const outputs = rest.slice(inputCount, inputCount + outputCount)
  const misplaced = [...inputs, ...outputs].find((blob) => /^-?\d+=/.test(blob))
  if (misplaced !== undefined) {
    fail(
      line.number,
      `layer "${shorten(name)}" declares ${inputCount} inputs and ${outputCount} outputs, but "${shorten(misplaced)}" among them is a parameter`,
    )
  }

  const params = new Map<number, ParamValue>()
  for (const field of rest.slice(inputCount + outputCount)) {
    const [id, value] = parseParam(field, (message) => fail(line.number, `layer "${shorten(name)}": ${message}`))
    params.set(id, value)
  }
  return { type, name, inputs, outputs, params, position: `line ${line.number}` }
}

/** Splits at white space, but keeps a quoted value, such as an expression `6="+(0h,1)"`, together. */
function splitFields(text: string): string[] {
  return text.match(/(?:[^\s"]|"[^"]*")+|"/g) ?? []
}

function parseParam(field: string, fail: (message: string) => never): [id: number, value: ParamValue] {
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
  if (/^["a-z]/i.test(valueText)) return [id, valueText.replace(/^"|"$/g, '')]
  const parts = valueText.replace(/,$/, '').split(',')
  const numbers = parts.map((part) => parseNumber(part, idText, fail))
  const [scalar] = numbers
  return [id, valueText.includes(',') || scalar === undefined ? numbers : scalar]
}

function parseCountedArray(idText: string, valueText: string, fail: (message: string) => never): readonly number[] {
  const [lengthText = '', ...parts] = valueText.split(',')
  const length = Number(lengthText)
  if (!isCount(length)) return fail(`array ${idText} must start with its length, found "${shorten(lengthText)}"`)
  if (length !== parts.length) return fail(`array ${idText} says it has ${length} elements, but ${parts.length} follow`)
  return parts.map((part) => parseNumber(part, idText, fail))
}

/** A number without point and exponent is an integer; all others are single precision, as in ncnn. */
function parseNumber(text: string, idText: string, fail: (message: string) => never): number {
  if (integerPattern.test(text)) {
    const value = Number(text)
    if (value < -(2 ** 31) || value >= 2 ** 31) return fail(`parameter ${idText}: ${text} does not fit 32 bits`)
    return value
  }
  if (!numberPattern.test(text)) return fail(`parameter ${idText}: expected a number, found "${shorten(text)}"`)
  return Math.fround(Number(text))
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0
}

/** Keeps a message readable when the file is not what it should be. */
function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
