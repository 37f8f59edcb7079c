// Typed declarations of a layer's parameters, and reading them from the graph.
import { NcnnError } from './error.ts'
import { type BinaryParam, describeLayer, type GraphLayer, type ParamValue } from './graph.ts'

/** A parameter as ncnn's operators.md documents it: its id, its type, and its default. */
export type ParamSpec = IntSpec | FloatSpec | IntsSpec | FloatsSpec | StringSpec

interface IntSpec {
  readonly kind: 'int'
  readonly id: number
  /** A number, or the name of the parameter (declared before) whose value is taken. */
  readonly default: number | string
}
interface FloatSpec {
  readonly kind: 'float'
  readonly id: number
  readonly default: number | string
}
interface IntsSpec {
  readonly kind: 'ints'
  readonly id: number
}
interface FloatsSpec {
  readonly kind: 'floats'
  readonly id: number
}
interface StringSpec {
  readonly kind: 'string'
  readonly id: number
}

export type ParamSpecs = Readonly<Record<string, ParamSpec>>

/** The parameters of one layer, by their documented names. */
export type ParamValues<P extends ParamSpecs> = {
  readonly [K in keyof P]: P[K] extends IntSpec | FloatSpec
    ? number
    : P[K] extends StringSpec
      ? string
      : readonly number[]
}

export const int = (id: number, defaultValue: number | string = 0): IntSpec => ({
  kind: 'int',
  id,
  default: defaultValue,
})
export const float = (id: number, defaultValue: number | string = 0): FloatSpec => ({
  kind: 'float',
  id,
  default: typeof defaultValue === 'number' ? Math.fround(defaultValue) : defaultValue,
})
/** An array of integers; empty when the file has none. */
export const ints = (id: number): IntsSpec => ({ kind: 'ints', id })
export const floats = (id: number): FloatsSpec => ({ kind: 'floats', id })
export const string = (id: number): StringSpec => ({ kind: 'string', id })

/**
 * Reads the declared parameters of a layer; those that the file leaves out take their defaults.
 * @throws {NcnnError} when a value is not of the declared type
 */
export function readParams<P extends ParamSpecs>(specs: P, layer: GraphLayer): ParamValues<P> {
  const values: Record<string, number | string | readonly number[]> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const value = layer.params.get(spec.id)
    values[name] =
      value === undefined
        ? defaultOf(spec, values)
        : convert(spec, value, `${describeLayer(layer)}: ${name} (${spec.id})`)
  }
  return values as ParamValues<P>
}

function defaultOf(
  spec: ParamSpec,
  earlier: Record<string, number | string | readonly number[]>,
): number | string | readonly number[] {
  switch (spec.kind) {
    case 'int':
    case 'float': {
      const value = typeof spec.default === 'string' ? earlier[spec.default] : spec.default
      if (typeof value !== 'number') throw new Error(`the default "${spec.default}" names no earlier number`)
      return value
    }
    case 'string':
      return ''
    default:
      return []
  }
}

function convert(spec: ParamSpec, stored: ParamValue, what: string): number | string | readonly number[] {
  const value = decodeWords(spec, stored)
  switch (spec.kind) {
    case 'int':
      return toInteger(value, what)
    case 'float':
      return toFloat(value, what)
    case 'ints':
      return toArray(value).map((element) => toInteger(element, what))
    case 'floats':
      return toArray(value).map((element) => toFloat(element, what))
    case 'string':
      return String(value)
  }
}

type DecodedValue = Exclude<ParamValue, BinaryParam>

const wordView = new DataView(new ArrayBuffer(4))

/** Gives the words of a binary file the type that the declaration says they have. */
function decodeWords({ kind }: ParamSpec, value: ParamValue): DecodedValue {
  if (typeof value !== 'object' || !('words' in value)) return value
  const numbers = value.words.map((word) => {
    if (kind === 'int' || kind === 'ints') return word
    wordView.setInt32(0, word)
    return wordView.getFloat32(0)
  })
  return numbers.length === 1 ? numbers[0] : numbers
}

const toArray = (value: DecodedValue): readonly DecodedValue[] => (typeof value === 'object' ? value : [value])

function toInteger(value: DecodedValue, what: string): number {
  if (typeof value !== 'number' || value !== (value | 0)) {
    throw new NcnnError(`${what} must be an integer of 32 bits, found ${show(value)}`)
  }
  return value
}

function toFloat(value: DecodedValue, what: string): number {
  if (value === 'inf') return Infinity
  if (value === 'nan') return Number.NaN
  if (typeof value !== 'number') throw new NcnnError(`${what} must be a number, found ${show(value)}`)
  return Math.fround(value)
}

const show = (value: DecodedValue): string => (typeof value === 'string' ? `"${value}"` : `[${value}]`)
