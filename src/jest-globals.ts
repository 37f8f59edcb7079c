// Adds the tensor matchers to the `expect` of `@jest/globals`, with types: `setupFilesAfterEnv: ['expect-tensor/jest-globals']`.
import { expect } from '@jest/globals'
import { registerTensorMatchers } from './matchers/register.ts'
import type { AsymmetricTensorMatchers, TensorMatchers } from './matchers/types.ts'
import { collect } from './report/jest/collect.ts'

declare module 'expect' {
  // The type parameters must be named as `expect` names them.
  interface Matchers<R extends void | Promise<void>, T = unknown> extends TensorMatchers<R> {}
  interface AsymmetricMatchers extends AsymmetricTensorMatchers {}
}

registerTensorMatchers(expect)
collect()
