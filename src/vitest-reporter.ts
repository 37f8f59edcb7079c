// The accuracy report of a run under Vitest: `reporters: ['default', 'expect-tensor/vitest-reporter']`.
export type { Report } from './report/report.ts'
export { default, type VitestReporterOptions } from './report/vitest/reporter.ts'
