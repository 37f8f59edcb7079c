// What loadLitert asks of a way to run LiteRT.
import type { Tensor } from '../../tensor/tensor.ts'
import type { Runtime } from '../model.ts'
import type { Session } from '../sessions.ts'

/** LiteRT, ready to open models. */
export interface LitertRuntime {
  readonly runtime: Runtime
  /** It gives every output the shape that the file says, whatever it comes to be. */
  readonly believesShapes: boolean
  /** @param source name of the model, for messages */
  open(model: Uint8Array, source: string): Promise<LitertSession>
}

/** An opened model. */
export interface LitertSession extends Session {
  /** Runs it once. Inputs and outputs are in the order of the model's. */
  run(inputs: readonly Tensor[]): Promise<readonly RawTensor[]>
}

export interface RawTensor {
  readonly shape: readonly number[]
  /** The elements, in memory of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Which kernels compute. */
export type LitertKernels = 'xnnpack' | 'builtin' | 'reference'
