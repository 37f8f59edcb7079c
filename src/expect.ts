// Adds the tensor matchers to the stand-alone `expect` package, with types, for node:test and other runners: `import 'expect-tensor/expect'`.
import { expect } from 'expect'
import { registerTensorMatchers } from './matchers/register.ts'
import type { AsymmetricTensorMatchers, TensorMatchers } from './matchers/types.ts'

declare module 'expect' {
  // The type parameters must be named as `expect` names them.
  interface Matchers<R extends void | Promise<void>, T = unknown> extends TensorMatchers<R> {}
  interface AsymmetricMatchers extends AsymmetricTensorMatchers {}
}

registerTensorMatchers(expect)
