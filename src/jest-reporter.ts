// The accuracy report of a run under Jest: `reporters: ['default', 'expect-tensor/jest-reporter']`.
export { default } from './report/jest/reporter.ts'
export type { ReporterOptions } from './report/options.ts'
export type { Report } from './report/report.ts'
