import { expect } from 'bun:test'
import { type AsymmetricTensorMatchers, type TensorMatchers, tensorMatchers } from 'expect-tensor'

declare module 'bun:test' {
  interface Matchers<T> extends TensorMatchers<void> {}
  interface AsymmetricMatchers extends AsymmetricTensorMatchers {}
}

expect.extend(tensorMatchers)
