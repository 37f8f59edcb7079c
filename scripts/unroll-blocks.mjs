// A transform of the AssemblyScript compiler: of a block that begins with `const copy = unrolled(16)` it makes sixteen, one after the other,
// with 0, 1, ... 15 as `copy`. What that is for is said in src/kernels/assembly/unrolled.ts.
import { CommonFlags, DiagnosticCode, Node, NodeKind } from 'assemblyscript'
import { Transform } from 'assemblyscript/transform'

const loops = [NodeKind.While, NodeKind.Do, NodeKind.For, NodeKind.ForOf]

function isCall(node) {
  return node?.kind === NodeKind.Call && node.expression.text === 'unrolled'
}

/** The declaration of `copy`, if a node is a block that begins with one. */
function counterOf(node) {
  if (node.kind !== NodeKind.Block || node.statements[0]?.kind !== NodeKind.Variable) return undefined
  const [declaration] = node.statements[0].declarations
  return isCall(declaration.initializer) && declaration.is(CommonFlags.Const) ? declaration : undefined
}

/** All nodes of the syntax tree directly below one. */
function childrenOf(node) {
  return Object.values(node)
    .flat()
    .filter((value) => value instanceof Node)
}

/** The declaration of `copy` as a constant. */
function constant({ name, flags, type, initializer, range }, index) {
  // The compiler's integers of 64 bits are no numbers; this is how it makes them.
  const value = Node.createIntegerLiteralExpression(globalThis.i64_new(index), initializer.range)
  return Node.createVariableDeclaration(name, null, flags, type, value, range)
}

export default class UnrollBlocks extends Transform {
  afterParse(parser) {
    const refuse = ({ range }, message) => parser.error(DiagnosticCode.Transform_0_1, range, 'unrolled', message)

    /** `isCopied` where a `continue` would be one of the loop around the copies. */
    function unroll(node, isCopied) {
      const counter = counterOf(node)
      if (!counter) {
        if (isCall(node)) refuse(node, 'This belongs at the beginning of a block: const copy = unrolled(16)')
        if (isCopied && node.kind === NodeKind.Continue) refuse(node, 'The copies that follow would be left out.')
        for (const child of childrenOf(node)) unroll(child, isCopied && !loops.includes(node.kind))
        return
      }
      const [{ declarations, range }, ...statements] = node.statements
      const [, ...others] = declarations
      for (const part of [...others, ...statements]) unroll(part, true)
      const count = counter.initializer.args.map((argument) => argument.range.toString()).join()
      if (!/^[1-9]\d*$/.test(count)) refuse(counter, 'How many copies is to be written as a number.')
      // Copies share what they have in common: compiling leaves it as it is.
      node.statements = Array.from({ length: Number(count) || 1 }, (_, index) => {
        const first = Node.createVariableStatement(null, [constant(counter, index), ...others], range)
        return Node.createBlockStatement([first, ...statements], node.range)
      })
    }

    for (const source of parser.sources) if (source.text.includes('unrolled(')) unroll(source, false)
  }
}
