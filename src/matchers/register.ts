// Registers the matchers with the `expect` of any runner that has Jest's `expect.extend`.
import type { CompareOptions } from '../compare/options/options.ts'
import type { TensorLike } from '../tensor/tensor.ts'
import { tensorMatchers } from './index.ts'
import { createTensorCloseTo } from './tensor-close-to.ts'

interface ExtensibleExpect {
  extend(matchers: object): void
  readonly not: object
}

/** Where Vitest keeps the asymmetric matchers that it copies into a test's own `context.expect`. */
const vitestAsymmetricMatchers = Symbol.for('asymmetric-matchers-object')

/**
 * `expect.extend` makes an asymmetric matcher out of every matcher, but one that prints the whole reference into the diff:
 * ours, which prints a line, takes its place.
 */
export function registerTensorMatchers(expect: unknown): void {
  const { extend, not } = expect as ExtensibleExpect
  extend.call(expect, tensorMatchers)
  const shared = (globalThis as { [vitestAsymmetricMatchers]?: object })[vitestAsymmetricMatchers]
  for (const [owner, inverse] of [
    [expect, false],
    [shared, false],
    [not, true],
  ] as const) {
    if (owner === undefined) continue
    Object.defineProperty(owner, 'tensorCloseTo', {
      configurable: true,
      enumerable: true,
      writable: true,
      value: (reference: TensorLike, options?: CompareOptions) => createTensorCloseTo(reference, options, inverse),
    })
  }
}
