// What goes from Jest's test files to the reporter: their environments share nothing else with it.
import type { AssertionRecord } from '../record.ts'

/** Names the folder of the spool to the workers, which inherit the environment. */
export const spoolVariable = 'EXPECT_TENSOR_SPOOL'

/** One line of the spool. */
export interface SpoolEntry {
  /** Absolute path of the test file. */
  readonly file: string
  readonly record: AssertionRecord
}
