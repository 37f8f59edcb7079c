// What can be said to a reporter, and the check of it: one that is misspelt would leave a limit out in silence.
import { checkOptionNames, type OptionsOf, type OptionTable } from '../arguments/options.ts'

export interface ReporterOptions {
  /** The folder that the report is written to, relative to the root of the run. Default: `expect-tensor-report`. */
  readonly outputDir?: string
  /** An earlier `report.json` to compare with. One that does not exist yet is no error. */
  readonly baseline?: string
  /** A margin that grew to this many times what it was is reported. Default: 2. */
  readonly factor?: number
  /** One that grew to this many times fails the run. Default: none does. */
  readonly failFactor?: number
}

const reporterOptions = {
  outputDir: 'string',
  baseline: 'string',
  factor: 'number',
  failFactor: 'number',
} as const satisfies OptionsOf<ReporterOptions>

/**
 * @param name of the reporter, for messages
 * @param more options that it has besides
 * @throws TypeError or RangeError that names the option
 */
export function checkReporterOptions(options: ReporterOptions, name: string, more: OptionTable = {}): void {
  checkOptionNames(options, { ...reporterOptions, ...more }, { name })
  for (const option of ['factor', 'failFactor'] as const) {
    const value = options[option]
    if (value === undefined || isGrowth(value)) continue
    throw new RangeError(`${name}: ${option} must be a number above 1, such as 2, got ${value}`)
  }
}

/** How many times what it was: once is no growth. */
export const isGrowth = (factor: number): boolean => factor > 1
