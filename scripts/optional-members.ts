// A plugin of the build: in the published declarations an optional member may be `undefined` as well.
//
// Every option that is `undefined` counts as left out. A project with `exactOptionalPropertyTypes` would have to be told so at each of them.
import type { Rolldown } from 'tsdown'
import ts from 'typescript'

/** The declarations with `name?: T` as `name?: T | undefined`. */
export function allowUndefined(declarations: string): string {
  const insertions: { readonly at: number; readonly text: string }[] = []
  const visit = (node: ts.Node): void => {
    const isMember = ts.isPropertySignature(node) || ts.isPropertyDeclaration(node)
    if (isMember && node.questionToken !== undefined && node.type !== undefined) {
      // `() => T | undefined` would be a function
      const isOpen =
        ts.isFunctionTypeNode(node.type) || ts.isConstructorTypeNode(node.type) || ts.isConditionalTypeNode(node.type)
      if (isOpen) insertions.push({ at: node.type.getStart(), text: '(' })
      insertions.push({ at: node.type.end, text: isOpen ? ') | undefined' : ' | undefined' })
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('declarations.d.ts', declarations, ts.ScriptTarget.Latest, true))
  return insertions
    .sort((a, b) => b.at - a.at)
    .reduce((text, insertion) => text.slice(0, insertion.at) + insertion.text + text.slice(insertion.at), declarations)
}

export function optionalMembers(): Rolldown.Plugin {
  return {
    name: 'optional-members',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === 'chunk' && /\.d\.[cm]?ts$/.test(file.fileName)) file.code = allowUndefined(file.code)
      }
    },
  }
}
