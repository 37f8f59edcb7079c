// Typed declarations of a layer's parameters, and reading them from the graph.
import { NcnnError } from './error.ts'
import { describeLayer, type GraphLayer, type StoredParam } from './graph.ts'
import { floatOfBits } from './words.ts'

/** A parameter as ncnn's operators.md documents it: its id, its type, and its default. */
export type ParamSpec = IntSpec | FloatSpec | IntsSpec | FloatsSpec | FloatBitsSpec | StringSpec

export interface IntSpec {
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
interface FloatBitsSpec {
  readonly kind: 'floatBits'
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
/** An array of floats whose bits ncnn's own tools write as integers. */
export const floatBits = (id: number): FloatBitsSpec => ({ kind: 'floatBits', id })
export const string = (id: number): StringSpec => ({ kind: 'string', id })

/**
 * Reads the declared parameters of a layer. Those that the file leaves out, or that ncnn takes for left out, take their defaults.
 * @throws {NcnnError} on floats where integers are listed, and on anything else in place of a list
 */
export function readParams<P extends ParamSpecs>(specs: P, layer: GraphLayer): ParamValues<P> {
  const values: Record<string, number | string | readonly number[]> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const value = layer.params.get(spec.id)
    const converted =
      value === undefined ? undefined : convert(spec, value, `${describeLayer(layer)}: ${name} (${spec.id})`)
    values[name] = converted ?? defaultOf(spec, values)
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

/** What ncnn makes of a stored value; undefined where it counts as absent: a float asked for an integer, a list or a string for a number. */
function convert(spec: ParamSpec, stored: StoredParam, what: string): number | string | readonly number[] | undefined {
  if (spec.kind === 'string') return typeof stored === 'string' ? stored : undefined
  const isScalar = spec.kind === 'int' || spec.kind === 'float'
  if (!isScalar && (typeof stored === 'string' || !stored.isArray)) {
    const found = typeof stored === 'string' ? `"${stored}"` : 'a single number'
    throw new NcnnError(`${what} must be a list, found ${found}`)
  }
  if (typeof stored === 'string' || (isScalar && stored.isArray)) return undefined
  const { words, type } = stored
  switch (spec.kind) {
    case 'int':
      return type === 'float' ? undefined : words[0]
    case 'float':
      return type === 'int' ? Math.fround(words[0]) : floatOfBits(words[0])
    case 'ints':
      if (type === 'float')
        throw new NcnnError(`${what} must be integers, found [${words.map(floatOfBits).join(', ')}]`)
      return words
    case 'floats':
      return words.map(type === 'int' ? Math.fround : floatOfBits)
    case 'floatBits':
      return words.map(floatOfBits)
  }
}
