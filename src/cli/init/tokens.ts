// The tokens of JavaScript, TypeScript and JSON, as far as it takes to find an object literal: brackets, commas, strings, words.

export interface Token {
  readonly kind: 'word' | 'string' | 'other' | 'mark'
  readonly text: string
  readonly begin: number
  readonly end: number
}

const space = /\s+/y
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y
const word = /[\p{ID_Start}$_][\p{ID_Continue}$]*/uy
const string = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y
const number = /\.?\d[\w.]*/y
const regularExpression = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y
const mark = /\.\.\.|=>|[\s\S]/y

/** After these a `/` begins a regular expression; after all else it divides. */
const beforeOperand = /^(?:[([{,;:=!&|?+\-*%<>~^]|=>|\.\.\.|return|typeof|case)$/

/** @returns undefined for a text whose tokens cannot be told */
export function tokensOf(source: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source)?.[0]
  }
  const next = (): Token | undefined => {
    const last = tokens.at(-1)
    const operandFollows = last === undefined || (last.kind !== 'string' && beforeOperand.test(last.text))
    const kinds: readonly [Token['kind'], string | undefined][] = [
      ['string', take(string)],
      ['other', templateAt(source, at)],
      ['other', operandFollows ? take(regularExpression) : undefined],
      ['word', take(word)],
      ['other', take(number)],
      ['mark', take(mark)],
    ]
    const [kind, text] = kinds.find(([, found]) => found !== undefined) ?? ['mark', undefined]
    return text === undefined ? undefined : { kind, text, begin: at, end: at + text.length }
  }
  for (;;) {
    const skipped = take(space) ?? take(comment)
    if (skipped !== undefined) {
      at += skipped.length
      continue
    }
    if (at >= source.length) return tokens
    const token = next()
    // a quote that nothing closes
    if (token === undefined || (token.kind === 'mark' && /['"`]/.test(token.text))) return undefined
    tokens.push(token)
    at = token.end
  }
}

/** A template without templates within it. */
function templateAt(source: string, begin: number): string | undefined {
  if (source[begin] !== '`') return undefined
  const template = /`(?:[^`\\]|\\[\s\S])*`/y
  template.lastIndex = begin
  return template.exec(source)?.[0]
}
