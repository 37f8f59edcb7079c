// A strict parser for the one Python literal in a .npy header: strings, integers, True, False, None, tuples, lists and dicts.

export type PythonLiteral =
  | string
  | number
  | boolean
  | null
  | PythonLiteral[]
  | { readonly list: readonly PythonLiteral[] }
  | Map<string, PythonLiteral>

// A structured dtype nests a few levels; deeper input is not a header.
const maxDepth = 16

const escapes: Readonly<Record<string, string>> = { '\\': '\\', "'": "'", '"': '"', n: '\n', t: '\t', r: '\r' }

/**
 * Parses one literal that spans the whole text, white space around it allowed.
 * A dict must have distinct strings as keys. Tuples become arrays, lists `{ list }`.
 * @throws SyntaxError that names the position, what was expected and what was found
 */
export function parsePythonLiteral(text: string): PythonLiteral {
  let at = 0

  function fail(expected: string): never {
    const found = at < text.length ? JSON.stringify(text.slice(at, at + 12)) : 'the end'
    throw new SyntaxError(`expected ${expected} at character ${at}, found ${found}`)
  }
  function skipSpace(): void {
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++
  }
  function accept(token: string): boolean {
    skipSpace()
    if (!text.startsWith(token, at)) return false
    at += token.length
    return true
  }

  function parseString(quote: string): string {
    let value = ''
    for (; at < text.length; at++) {
      const character = text.charAt(at)
      if (character === quote) {
        at++
        return value
      }
      if (character === '\\') {
        const escaped = escapes[text.charAt(++at)]
        if (escaped === undefined) fail('a simple escape')
        value += escaped
      } else value += character
    }
    return fail(`the closing ${quote}`)
  }

  function parseInteger(): number {
    const digits = /^-?\d+/.exec(text.slice(at, at + 32))?.[0]
    if (digits === undefined) return fail('a value')
    const value = Number(digits)
    if (!Number.isSafeInteger(value)) return fail('an integer below 2^53')
    at += digits.length
    // Python 2 wrote long integers as 3L.
    if (text.charAt(at) === 'L') at++
    return value
  }

  /** The values up to `close`, which may follow a trailing comma. */
  function parseItems(close: string, depth: number): { items: PythonLiteral[]; commas: number } {
    const items: PythonLiteral[] = []
    let commas = 0
    while (!accept(close)) {
      if (items.length > commas) fail(`',' or '${close}'`)
      items.push(parseValue(depth + 1))
      if (accept(',')) commas++
    }
    return { items, commas }
  }

  function parseDict(depth: number): Map<string, PythonLiteral> {
    const dict = new Map<string, PythonLiteral>()
    for (let first = true; !accept('}'); first = false) {
      if (!first) {
        if (!accept(',')) fail("',' or '}'")
        if (accept('}')) return dict
      }
      const key = parseValue(depth + 1)
      if (typeof key !== 'string') return fail('a string as key before this')
      if (dict.has(key)) fail(`another key than a second ${JSON.stringify(key)} before this`)
      if (!accept(':')) fail("':'")
      dict.set(key, parseValue(depth + 1))
    }
    return dict
  }

  function parseValue(depth: number): PythonLiteral {
    if (depth > maxDepth) return fail('less nesting')
    skipSpace()
    if (accept("'")) return parseString("'")
    if (accept('"')) return parseString('"')
    if (accept('{')) return parseDict(depth)
    if (accept('[')) return { list: parseItems(']', depth).items }
    if (accept('(')) {
      const { items, commas } = parseItems(')', depth)
      // (3) is the integer 3; (3,) is a tuple.
      return items.length === 1 && commas === 0 ? (items[0] as PythonLiteral) : items
    }
    if (accept('True')) return true
    if (accept('False')) return false
    if (accept('None')) return null
    return parseInteger()
  }

  const value = parseValue(0)
  skipSpace()
  if (at < text.length) fail('the end')
  return value
}
