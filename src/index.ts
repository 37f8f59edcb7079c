// The package's root: comparison and matchers without a test runner.
export { configureTensorMatchers } from './matchers/defaults.ts'
export { tensorMatchers } from './matchers/index.ts'
