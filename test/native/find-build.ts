// Finds what .ci/native-ncnn has built.
import { workerEngine } from '../../src/runners/ncnn/index.ts'

export interface Build {
  /** The device worker. */
  readonly worker: string | undefined
  /** The same, with checks of every access to memory; the worker itself where there is none. */
  readonly checked: string | undefined
  readonly library: string | undefined
}

declare module 'vitest' {
  interface ProvidedContext {
    build: Build
  }
}

export async function findBuild(): Promise<Build> {
  const { EXPECT_TENSOR_WORKER: worker, EXPECT_TENSOR_CHECKED_WORKER: checked, NCNN_LIBRARY: library } = process.env
  // a name that leads nowhere is a mistake, not a reason to skip
  for (const path of [worker, checked]) if (path) await workerEngine({ command: [path] }).version()
  return { worker: worker || undefined, checked: checked || worker || undefined, library: library || undefined }
}

export function describeBuild({ worker, library }: Build): string {
  const lines = [
    worker ? `worker: ${worker}` : 'EXPECT_TENSOR_WORKER names no worker: its tests are SKIPPED',
    library ? `shared library: ${library}` : 'NCNN_LIBRARY names no library: its tests are SKIPPED',
  ]
  return `${lines.join('\n')}\n\n`
}
