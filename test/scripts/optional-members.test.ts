// In published declarations, an optional member may be undefined, whatever its type.
import { expect, test } from 'vitest'
import { allowUndefined } from '../../scripts/optional-members.ts'

test.each([
  ['interface A { readonly a?: number; b: string }', 'interface A { readonly a?: number | undefined; b: string }'],
  ['type A = { a?: { b?: 1 | 2 } }', 'type A = { a?: { b?: 1 | 2 | undefined } | undefined }'],
  ['interface A { f?: (x: number) => void }', 'interface A { f?: ((x: number) => void) | undefined }'],
  ['declare class A { a?: new () => B }', 'declare class A { a?: (new () => B) | undefined }'],
  ['declare function f(a?: number): void', 'declare function f(a?: number): void'],
])('%s', (written, published) => {
  expect(allowUndefined(written)).toBe(published)
})
