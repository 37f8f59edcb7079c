// The accuracy report of a run under Vitest: `reporters: ['default', 'expect-tensor/vitest-reporter']`.
export type { ReporterOptions } from './report/publish.ts'
export type { Report } from './report/report.ts'
export { default } from './report/vitest/reporter.ts'
