// Adds the tensor matchers to Vitest's `expect`, with types: `setupFiles: ['expect-tensor/vitest']`.
import { expect } from 'vitest'
import { registerTensorMatchers } from './matchers/register.ts'
import type { AsymmetricTensorMatchers, TensorMatchers } from './matchers/types.ts'

declare global {
  namespace Chai {
    // Vitest 4 and 5 both read this interface; their own `Matchers` has other type parameters in each.
    interface Assertion extends TensorMatchers<void> {}
  }
}

declare module 'vitest' {
  interface AsymmetricMatchersContaining extends AsymmetricTensorMatchers {}
}

registerTensorMatchers(expect)
