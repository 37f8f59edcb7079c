// Checks the names of options wherever there are any: one that is misspelt, or stands at the wrong place, is never ignored in silence.
import { describeValue } from './describe.ts'
import { nearest } from './did-you-mean.ts'

/** What an option's value must be; `any` where that takes more than a word and is checked elsewhere. */
type Kind = keyof typeof kinds

const kinds = {
  boolean: { what: 'true or false', fits: (value: unknown) => typeof value === 'boolean' },
  number: { what: 'a number', fits: (value: unknown) => typeof value === 'number' },
  string: { what: 'a string', fits: (value: unknown) => typeof value === 'string' },
  function: { what: 'a function', fits: (value: unknown) => typeof value === 'function' },
  any: { what: 'anything', fits: () => true },
}

/** The options that there are. One that has options of its own comes with theirs. */
export interface OptionTable {
  readonly [name: string]: Kind | OptionTable
}

/** The table of an interface of options: `satisfies OptionsOf<Interface>` lets the type checker find the option that is missing. */
export type OptionsOf<Options> = { readonly [Name in keyof Options]-?: Kind | OptionTable }

/** Whose options they are. */
export interface Caller {
  /** What was called, for messages: `loadNcnn`. */
  readonly name?: string
  /** Makes the error of a message. Default: a TypeError. */
  readonly error?: (message: string) => Error
}

/**
 * Checks that all options exist and that their values are of the right type. Options that are undefined were not given.
 *
 * @throws what `caller.error` makes of a message that names the option, and where it is misspelt or misplaced, the right one
 */
export function checkOptionNames(options: unknown, table: OptionTable, caller: Caller = {}): void {
  const { name, error = (message: string) => new TypeError(message) } = caller
  const problem = problemWith(options, table, [], table)
  if (problem !== undefined) throw error(name === undefined ? problem : `${name}: ${problem}`)
}

/** @param path where in `root` the options stand: `['ncnn']` */
function problemWith(
  options: unknown,
  table: OptionTable,
  path: readonly string[],
  root: OptionTable,
): string | undefined {
  if (options === undefined) return undefined
  if (!isRecord(options)) {
    const what = path.length === 0 ? 'the options' : path.join('.')
    return `${what} must be an object such as { ${Object.keys(table)[0]}: ... }, got ${describeValue(options)}`
  }
  for (const name of Object.keys(options)) {
    const problem = Object.hasOwn(table, name)
      ? problemWithOption((options as Readonly<Record<string, unknown>>)[name], table[name], name, path, root)
      : unknownOption(name, path, root)
    if (problem !== undefined) return problem
  }
  return undefined
}

function problemWithOption(
  value: unknown,
  kind: Kind | OptionTable,
  name: string,
  path: readonly string[],
  root: OptionTable,
): string | undefined {
  if (typeof kind === 'object') return problemWith(value, kind, [...path, name], root)
  const { what, fits } = kinds[kind]
  if (value === undefined || fits(value)) return undefined
  return `${[...path, name].join('.')} must be ${what}, got ${describeValue(value)}`
}

/** Whether it is an object with names and values: maps, URLs and lists are objects as well, and have none. */
export const isRecord = (value: unknown): value is object => Object.prototype.toString.call(value) === '[object Object]'

interface Place {
  readonly name: string
  /** The options that it is one of: `['ncnn']`; empty for those of the call itself. */
  readonly path: readonly string[]
}

/** More names than this are no help. */
const mostListed = 16

function unknownOption(name: string, path: readonly string[], root: OptionTable): string {
  const all = placesIn(root)
  const isHere = (place: Place): boolean => String(place.path) === String(path)
  const here = all.filter(isHere)
  const found = nearest(name, [...here, ...all.filter((place) => !isHere(place))], (place) => place.name)
  const problem = `unknown option '${[...path, name].join('.')}'`
  if (found === undefined) {
    return here.length > mostListed ? problem : `${problem}; there are ${here.map((place) => place.name).join(', ')}`
  }
  if (isHere(found)) return `${problem} (did you mean '${[...path, found.name].join('.')}'?)`
  return found.path.length === 0
    ? `${problem}: ${found.name} stands beside ${path.join('.')}, not in it`
    : `${problem}: ${found.name} belongs into ${found.path.join('.')}: { ${found.name}: ... }`
}

const placesIn = (table: OptionTable, path: readonly string[] = []): Place[] =>
  Object.entries(table).flatMap(([name, kind]) => [
    { name, path },
    ...(typeof kind === 'object' ? placesIn(kind, [...path, name]) : []),
  ])
