// Builds every entry point twice, ESM and CJS: Jest cannot require ESM on Node 20 and 22.
// A new entry point is a line here and a line under "exports" in package.json.
// No source maps: the output is not minified and keeps its names; with maps the package is 2.4 times as large. Declarations keep their comments,
// the code keeps those that bundlers read.
import { defineConfig, type UserConfig } from 'tsdown'
import { bindGlobals } from './scripts/bind-globals.ts'
import { optionalMembers } from './scripts/optional-members.ts'
import { singleDeclarations } from './scripts/single-declarations.ts'

const entries = {
  index: 'src/index.ts',
  jest: 'src/jest.ts',
  'jest-globals': 'src/jest-globals.ts',
  'jest-reporter': 'src/jest-reporter.ts',
  expect: 'src/expect.ts',
  files: 'src/files/index.ts',
  ncnn: 'src/runners/ncnn/index.ts',
  onnx: 'src/runners/onnx/index.ts',
  tfjs: 'src/runners/tfjs/index.ts',
  litert: 'src/runners/litert/index.ts',
  torch: 'src/runners/torch/index.ts',
  analysis: 'src/model-analysis.ts',
}

/** Vitest is ESM only, and so is what imports it. The program is run, not imported. */
const esmEntries = {
  vitest: 'src/vitest.ts',
  'vitest-reporter': 'src/vitest-reporter.ts',
  'vitest-plugin': 'src/vitest-plugin.ts',
  cli: 'src/cli/bin.ts',
}

/**
 * What entries share lies in few files, as each file costs some 0.4 ms of every test file's start. A chunk has what the module that it is
 * named for stands on, but for what the chunks before it have.
 */
const chunks = [
  { name: 'tensors', test: /\/(src\/(host|tensor)\/.*(?<!\.d)\.ts|src\/kernels\/instantiate\.ts|package\.json)$/ },
  { name: 'safetensors', test: /src\/files\/(safetensors|file-system)\.ts$/ },
  { name: 'comparison', test: /src\/explain\/compare-tensors\.ts$/ },
  { name: 'matchers', test: /src\/matchers\/(index|register)\.ts$/ },
  { name: 'models', test: /\/src\/runners\/(create-model|model-error|model-file)\.ts$/ },
].map((chunk, index, { length }) => ({ ...chunk, priority: length - index }))

const shared: UserConfig = {
  platform: 'neutral',
  target: 'node20.19',
  deps: { neverBundle: /^node:/ },
  dts: true,
  plugins: [singleDeclarations(), bindGlobals(), optionalMembers()],
  // models are Disposable, which the library of the `es2022` target does not declare
  banner: { dts: '/// <reference lib="esnext.disposable" />' },
  hash: false,
  outputOptions: { codeSplitting: { groups: chunks }, comments: { jsdoc: false, annotation: true, legal: true } },
  logLevel: 'error',
}

export default defineConfig([
  { ...shared, format: 'esm', entry: { ...entries, ...esmEntries }, copy: 'src/report/report.schema.json' },
  // a default export stays one, as its declarations have it
  { ...shared, format: 'cjs', entry: entries, cjsDefault: false },
])
