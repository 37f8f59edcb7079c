// Which runtimes the suite uses, and which of them are there.

/** npm packages that the suite uses. */
export const jsRuntimes = [
  'onnxruntime-web',
  'onnxruntime-node',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-converter',
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
] as const

export type JsRuntime = (typeof jsRuntimes)[number]

export interface Runtimes {
  /** Versions of those that are installed. */
  readonly packages: Readonly<Partial<Record<JsRuntime, string>>>
  readonly python: string
  /** The version of PyTorch; undefined when that Python has none. */
  readonly torch?: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    runtimes: Runtimes
  }
}
