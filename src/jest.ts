// Adds the tensor matchers to Jest's global `expect`, with types for @types/jest: `setupFilesAfterEnv: ['expect-tensor/jest']`.
import { registerTensorMatchers } from './matchers/register.ts'
import type { AsymmetricTensorMatchers, TensorMatchers } from './matchers/types.ts'
import { collect } from './report/jest/collect.ts'

declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: the type parameters must be those of @types/jest
    interface Matchers<R, T = {}> extends TensorMatchers<R> {}
    interface Expect extends AsymmetricTensorMatchers {}
    interface InverseAsymmetricMatchers extends AsymmetricTensorMatchers {}
  }
}

const { expect } = globalThis as { expect?: unknown }
if (expect === undefined) {
  throw new Error(
    "expect-tensor/jest found no global `expect`. List it under `setupFilesAfterEnv`, not `setupFiles`; with `injectGlobals: false` use 'expect-tensor/jest-globals'",
  )
}
registerTensorMatchers(expect)
collect()
