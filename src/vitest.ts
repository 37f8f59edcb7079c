// Adds the tensor matchers to Vitest's `expect`, with types: `setupFiles: ['expect-tensor/vitest']`.
import { expect, inject } from 'vitest'
import { registerTensorMatchers } from './matchers/register.ts'
import type { AsymmetricTensorMatchers, TensorMatchers } from './matchers/types.ts'
import type { ReportRequest } from './report/vitest/channel.ts'
import { type BrowserCommands, browserFiles } from './snapshots/files/browser-files.ts'
import { provideSnapshotFiles } from './snapshots/files/index.ts'

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
// Loaded when a snapshot is read in browser mode: elsewhere the module refuses to be imported. Its types come with a browser provider.
provideSnapshotFiles(
  browserFiles(async () => ((await import('vitest/browser')) as unknown as { commands: BrowserCommands }).commands),
)

// A reporter asks for what assertions find: without one, nothing of this is loaded.
const request: ReportRequest | undefined = inject('expectTensor')
if (request !== undefined) {
  const { collect } = await import('./report/vitest/collect.ts')
  collect(request)
}
