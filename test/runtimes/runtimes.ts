// Which runtimes the suite uses, and which of them are there.

/** npm packages that the suite uses. */
export const jsRuntimes = [
  'onnxruntime-web',
  'onnxruntime-node',
  '@litertjs/core',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-converter',
  '@tensorflow/tfjs-layers',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-backend-wasm',
  '@tensorflow/tfjs-node',
] as const

export type JsRuntime = (typeof jsRuntimes)[number]

/** Python packages that the suite uses. */
export const pythonRuntimes = ['torch', 'ncnn', 'ai_edge_litert'] as const

export type PythonRuntime = (typeof pythonRuntimes)[number]

export interface Runtimes {
  /** Versions of those that are installed. */
  readonly packages: Readonly<Partial<Record<JsRuntime, string>>>
  /** The first interpreter that has it, and which version. */
  readonly python: Readonly<Partial<Record<PythonRuntime, { readonly interpreter: string; readonly version: string }>>>
}

declare module 'vitest' {
  export interface ProvidedContext {
    runtimes: Runtimes
  }
}
