// Adds an entry to a list in the object that a configuration file exports, where that can be done surely: comments, order and layout stay.
import { type Token, tokensOf } from './tokens.ts'

export interface ListEdit {
  /** Where the list is: `['test', 'setupFiles']`. Objects on the way, and the list, are made where they are missing. */
  readonly path: readonly [string, ...string[]]
  readonly entry: string
  /** Properties beside the list, or on the way to it, that would make it another's business. */
  readonly unlessBeside?: readonly string[]
}

/** @returns the text with the entry, or undefined when it is not sure what the text means */
export function addToList(source: string, edit: ListEdit): string | undefined {
  const tokens = tokensOf(source)
  const root = tokens && exportedObject(tokens)
  return root && insert({ source, tokens, style: styleOf(tokens) }, root, edit)
}

/** @returns the strings of a list; undefined where there is no such list of strings */
export function readList(source: string, path: readonly [string, ...string[]]): readonly string[] | undefined {
  const tokens = tokensOf(source)
  let object = tokens && exportedObject(tokens)
  for (const [i, key] of path.entries()) {
    const value: readonly Token[] | undefined = object?.properties.find((property) => property.key === key)?.value
    if (tokens === undefined || value === undefined) return undefined
    if (i === path.length - 1) return stringsOf(value)
    object = wholeObject(tokens, value)
  }
  return undefined
}

interface Style {
  readonly isJson: boolean
  readonly quote: string
}

interface Text {
  readonly source: string
  readonly tokens: readonly Token[]
  readonly style: Style
}

interface Property {
  /** Undefined for what is computed or spread. */
  readonly key: string | undefined
  readonly value: readonly Token[]
}

interface ObjectLiteral {
  readonly open: Token
  readonly properties: readonly Property[]
}

function insert(text: Text, object: ObjectLiteral, { path, entry, unlessBeside = [] }: ListEdit): string | undefined {
  const [key, ...rest] = path
  const { properties } = object
  if (properties.some((property) => property.key !== undefined && unlessBeside.includes(property.key))) return undefined
  const found = properties.filter((property) => property.key === key)
  // what is spread may hold the same property
  if (found.length > 1 || properties.some((property) => property.key === undefined)) return undefined
  if (found.length === 0)
    return insertAfter(text, object.open, `${literal(path, entry, text.style)},`, properties.length > 0)
  const [{ value }] = found
  const [first] = value
  if (isNonEmpty(rest)) {
    const inner = wholeObject(text.tokens, value)
    return inner && insert(text, inner, { path: rest, entry, unlessBeside })
  }
  const quoted = quote(entry, text.style)
  if (value.length === 1 && first.kind === 'string') {
    return splice(text.source, first.begin, first.end, `[${quoted}, ${first.text}]`)
  }
  const isList = first.text === '[' && closing(text.tokens, first) === value.at(-1)
  return isList ? insertAfter(text, first, `${quoted},`, value.length > 2) : undefined
}

const isNonEmpty = (list: readonly string[]): list is readonly [string, ...string[]] => list.length > 0

/** @param others whether anything else is in it */
function insertAfter({ source, tokens }: Text, open: Token, text: string, others: boolean): string {
  const next = tokens[tokens.indexOf(open) + 1]
  const between = source.slice(open.end, next.begin)
  if (!others) {
    const [alone, padding] = [text.replace(/,$/, ''), open.text === '[' ? '' : ' ']
    return splice(source, open.end, between.trim() === '' ? next.begin : open.end, padding + alone + padding)
  }
  const lineEnd = source.indexOf('\n', open.end)
  if (between.includes('\n')) {
    const indent = source.slice(source.lastIndexOf('\n', next.begin) + 1, next.begin).match(/^[ \t]*/)?.[0] ?? ''
    return splice(source, lineEnd + 1, lineEnd + 1, `${indent}${text}\n`)
  }
  return splice(source, open.end, open.end, /^\s/.test(between) ? ` ${text}` : `${text} `)
}

const splice = (source: string, begin: number, end: number, text: string): string =>
  source.slice(0, begin) + text + source.slice(end)

/** `test: { setupFiles: ['entry'] }` */
function literal([key, ...rest]: readonly [string, ...string[]], entry: string, style: Style): string {
  const value = isNonEmpty(rest) ? `{ ${literal(rest, entry, style)} }` : `[${quote(entry, style)}]`
  return `${style.isJson ? quote(key, style) : key}: ${value}`
}

const quote = (text: string, { quote: mark }: Style): string => `${mark}${text}${mark}`

function styleOf(tokens: readonly Token[]): Style {
  const isJson = tokens[0]?.text === '{'
  const strings = tokens.filter(({ kind }) => kind === 'string')
  const double = strings.filter(({ text }) => text.startsWith('"')).length
  return { isJson, quote: isJson || double > strings.length / 2 ? '"' : "'" }
}

/** The object of a JSON file, or the one that a module exports, as it is or through `defineConfig`. */
function exportedObject(tokens: readonly Token[]): ObjectLiteral | undefined {
  if (tokens[0]?.text === '{') return objectAt(tokens, tokens[0])
  const exported = [...findAll(tokens, ['export', 'default']), ...findAll(tokens, ['module', '.', 'exports', '='])]
  return exported.length === 1 ? objectOf(tokens, exported[0]) : undefined
}

/** @returns the places behind each occurrence */
function findAll(tokens: readonly Token[], texts: readonly string[]): number[] {
  return tokens.flatMap((_, i) => (texts.every((text, k) => tokens[i + k]?.text === text) ? [i + texts.length] : []))
}

/** What the expression at a place is, where it is an object. */
function objectOf(tokens: readonly Token[], at: number): ObjectLiteral | undefined {
  const [first, second] = [tokens[at], tokens[at + 1]]
  if (first?.text === '{') return objectAt(tokens, first)
  if (/^define(Config|Project)$/.test(first?.text ?? '') && second?.text === '(') {
    const argument = objectOf(tokens, at + 2)
    const behind = argument && tokens[tokens.indexOf(closing(tokens, argument.open) ?? first) + 1]
    return behind?.text === ')' || behind?.text === ',' ? argument : undefined
  }
  if (first?.kind !== 'word' || /^[.([]$/.test(second?.text ?? '')) return undefined
  const declared = ['const', 'let', 'var'].flatMap((how) => findAll(tokens, [how, first.text]))
  if (declared.length !== 1) return undefined
  // behind its type, if it has one
  const equals = tokens.findIndex(({ text }, i) => i >= declared[0] && text === '=')
  return equals < 0 ? undefined : objectOf(tokens, equals + 1)
}

const pairs: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }

/** The bracket that closes another. */
function closing(tokens: readonly Token[], open: Token): Token | undefined {
  const expected: string[] = []
  for (const token of tokens.slice(tokens.indexOf(open))) {
    if (token.kind !== 'mark') continue
    if (Object.hasOwn(pairs, token.text)) expected.push(pairs[token.text])
    else if (Object.values(pairs).includes(token.text)) {
      if (expected.pop() !== token.text) return undefined
      if (expected.length === 0) return token
    }
  }
  return undefined
}

/** The value of a property, where it is an object and nothing else. */
function wholeObject(tokens: readonly Token[], value: readonly Token[]): ObjectLiteral | undefined {
  const [first] = value
  return first?.text === '{' && closing(tokens, first) === value.at(-1) ? objectAt(tokens, first) : undefined
}

function objectAt(tokens: readonly Token[], open: Token): ObjectLiteral | undefined {
  const close = closing(tokens, open)
  if (close === undefined) return undefined
  const inner = tokens.slice(tokens.indexOf(open) + 1, tokens.indexOf(close))
  return {
    open,
    properties: splitAtCommas(inner).map(([key, colon, ...value]) => {
      const isNamed = colon?.text === ':' && (key.kind === 'word' || key.kind === 'string')
      if (isNamed) return { key: textOf(key), value }
      // a shorthand or a method has a name, too; `[computed]` and `...spread` have none
      return { key: key.kind === 'word' ? key.text : undefined, value: [] }
    }),
  }
}

/** The parts of a list, without the empty one behind a trailing comma. */
function splitAtCommas(tokens: readonly Token[]): (readonly [Token, ...Token[]])[] {
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.kind === 'mark' && Object.hasOwn(pairs, token.text)) depth++
    if (token.kind === 'mark' && Object.values(pairs).includes(token.text)) depth--
    if (depth === 0 && token.kind === 'mark' && token.text === ',') parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.flatMap(([first, ...rest]) => (first === undefined ? [] : [[first, ...rest] as const]))
}

function stringsOf(value: readonly Token[]): readonly string[] | undefined {
  if (value.length === 1 && value[0].kind === 'string') return [textOf(value[0])]
  if (value[0]?.text !== '[') return undefined
  return value.filter(({ kind }) => kind === 'string').map(textOf)
}

/** Of a string without its quotes; nothing in a path or name is escaped. */
const textOf = ({ kind, text }: Token): string => (kind === 'string' ? text.slice(1, -1) : text)
