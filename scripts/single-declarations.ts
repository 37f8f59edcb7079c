// A plugin of the build: what is declared together, `const [a, b] = [x, y]`, is published one by one, `const a = x, b = y`.
//
// V8 runs the first through an iterator, and what leaves it is an object even where it is a number: sums that begin as `let [a, b] = [0, 0]`
// take 6 times as long, pairs that are read in a loop 3 to 4 times.
import type { Rolldown } from 'tsdown'
import ts from 'typescript'

/** Each name of the pattern with its value; undefined unless both sides are lists of the same length, without gaps, rests and defaults. */
function namesAndValues({ name, initializer }: ts.VariableDeclaration): [ts.Identifier, ts.Expression][] | undefined {
  if (!ts.isArrayBindingPattern(name) || initializer === undefined || !ts.isArrayLiteralExpression(initializer)) return
  const values = initializer.elements
  if (name.elements.length !== values.length) return
  const pairs: [ts.Identifier, ts.Expression][] = []
  for (const [i, element] of name.elements.entries()) {
    const isPlain =
      ts.isBindingElement(element) && element.initializer === undefined && element.dotDotDotToken === undefined
    if (
      !isPlain ||
      !ts.isIdentifier(element.name) ||
      ts.isSpreadElement(values[i]) ||
      ts.isOmittedExpression(values[i])
    )
      return
    pairs.push([element.name, values[i]])
  }
  return pairs.length > 0 ? pairs : undefined
}

/** JavaScript with such declarations taken apart. */
export function declareSingly(code: string): string {
  const parts: string[] = []
  let written = 0
  const replace = (from: number, to: number, text: string): void => {
    parts.push(code.slice(written, from), text)
    written = to
  }
  const visit = (node: ts.Node): void => {
    const pairs = ts.isVariableDeclaration(node) ? namesAndValues(node) : undefined
    if (pairs === undefined) {
      ts.forEachChild(node, visit)
      return
    }
    let from = node.getStart()
    for (const [i, [name, value]] of pairs.entries()) {
      replace(from, value.getStart(), `${i === 0 ? '' : ', '}${name.text} = `)
      visit(value)
      from = value.end
    }
    replace(from, node.end, '')
  }
  visit(ts.createSourceFile('chunk.js', code, ts.ScriptTarget.Latest, true))
  return parts.join('') + code.slice(written)
}

export function singleDeclarations(): Rolldown.Plugin {
  return {
    name: 'single-declarations',
    renderChunk(code, { fileName }) {
      if (!/\.[cm]?js$/.test(fileName)) return null // declarations of types
      return { code: declareSingly(code), map: null }
    },
  }
}
