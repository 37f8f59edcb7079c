// The matchers and the accuracy report in one line of a Vitest configuration: `plugins: [expectTensor()]`.
export { default } from './report/vitest/plugin.ts'
export type { VitestReporterOptions } from './report/vitest/reporter.ts'
