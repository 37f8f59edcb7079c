// What Vitest carries between the reporter and the test processes.
import type { AssertionRecord } from '../record.ts'

/** From the reporter to each test file: that there is one. */
export interface ReportRequest {
  readonly shard?: { readonly index: number; readonly count: number }
  /** Whether failed assertions are to be annotated with a picture. */
  readonly annotate?: boolean
}

/** From each test file to the reporter, also by way of blobs. */
export interface FileReport {
  readonly records: readonly AssertionRecord[]
  readonly shard?: ReportRequest['shard']
}

declare module 'vitest' {
  interface ProvidedContext {
    expectTensor?: ReportRequest
  }
  interface TaskMeta {
    expectTensor?: FileReport
  }
}
