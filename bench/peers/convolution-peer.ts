// What another runtime has to do to be compared on single convolutions.
import type { ConvolutionCase } from '../convolutions.ts'

export interface ConvolutionPeer {
  readonly name: string
  readonly version: string
  /** Undefined when it cannot compute this one. */
  prepare(convolution: ConvolutionCase): Promise<PreparedPeer | undefined>
}

export interface PreparedPeer {
  /** Convolves once; the result is as long as ours, but may have its elements in another order. */
  run(): Promise<Float32Array>
  /** Convolves once and leaves the result where it is, in runtimes whose tensors live in a memory of their own. */
  compute?(): void
}
