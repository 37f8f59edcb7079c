// Which runtime computed a tensor. It is remembered with the array of elements, for those who store the tensor.
import { shared } from '../host/shared.ts'
import type { TypedArray } from './dtype.ts'

/** What runs a model. */
export interface Runtime {
  /** `wasm`, `python`, `native`, `emscripten` (ncnn), `onnxruntime-web`, `onnxruntime-node`, `tfjs`, `@litertjs/core`, `ai-edge-litert`,
   * `torch`. */
  readonly name: string
  readonly version?: string
  /** What was chosen that may change numbers, such as ncnn's options. Plain JSON. */
  readonly options?: Readonly<Record<string, unknown>>
}

const origins = shared('origins', () => new WeakMap<TypedArray, Runtime>())

export function rememberOrigin(data: TypedArray, runtime: Runtime): void {
  origins.set(data, runtime)
}

/** The runtime that computed these elements; undefined for those that come from elsewhere, or were copied. */
export function originOf(data: TypedArray): Runtime | undefined {
  return origins.get(data)
}
