// Writes a graph as the text of a .param file.
// Format: Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md
import type { GraphLayer, StoredParam } from './graph.ts'
import type { ParamSpec, ParamSpecs } from './params.ts'
import { floatOfBits } from './words.ts'

/** @param lines one for each layer */
export function joinParam(lines: readonly string[], layers: readonly Pick<GraphLayer, 'outputs'>[]): string {
  const blobs = layers.reduce((sum, { outputs }) => sum + outputs.length, 0)
  return `7767517\n${lines.length} ${blobs}\n${lines.join('\n')}\n`
}

/** The line of a layer. @param specs says which of its parameters are floats: ncnn reads the bits of what is written as one. */
export function writeLayer({ type, name, inputs, outputs, params }: GraphLayer, specs: ParamSpecs): string {
  const kinds = new Map(Object.values(specs).map((spec) => [spec.id, spec.kind]))
  const written = [...params].map(([id, value]) => writeParam(id, value, kinds.get(id) ?? 'int'))
  return [type, name, inputs.length, outputs.length, ...inputs, ...outputs, ...written].join(' ')
}

function writeParam(id: number, value: StoredParam, kind: ParamSpec['kind']): string {
  if (typeof value === 'string') return `${id}=${/[\s,]/.test(value) ? `"${value}"` : value}`
  const isFloat = (value.type ?? (kind === 'float' || kind === 'floats' ? 'float' : 'int')) === 'float'
  const texts = value.words.map((word) => (isFloat ? writeFloat(floatOfBits(word)) : String(word)))
  return value.isArray ? `${-23300 - id}=${[texts.length, ...texts].join(',')}` : `${id}=${texts[0]}`
}

/** The shortest digits that single precision reads back, with the point or exponent by which ncnn knows a float. */
function writeFloat(value: number): string {
  if (!Number.isFinite(value)) return String(Math.sign(value) * 3.4028235e38)
  for (let digits = 1; digits <= 9; digits++) {
    const text = Number(value.toPrecision(digits))
    if (Math.fround(text) === Math.fround(value)) return /[.e]/.test(String(text)) ? String(text) : `${text}.0`
  }
  return value.toExponential(9)
}
