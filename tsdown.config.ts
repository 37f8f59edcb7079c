// Builds every entry point twice, ESM and CJS: Jest cannot require ESM on Node 20 and 22.
// A new entry point is a line here and a line under "exports" in package.json.
import { defineConfig, type UserConfig } from 'tsdown'

const entries = {
  index: 'src/index.ts',
  jest: 'src/jest.ts',
  'jest-globals': 'src/jest-globals.ts',
  expect: 'src/expect.ts',
  files: 'src/files/index.ts',
  ncnn: 'src/runners/ncnn/index.ts',
  onnx: 'src/runners/onnx/index.ts',
  tfjs: 'src/runners/tfjs/index.ts',
  torch: 'src/runners/torch/index.ts',
  analysis: 'src/model-analysis.ts',
}

/** Vitest is ESM only, and so is what imports it. The program is run, not imported. */
const esmEntries = {
  vitest: 'src/vitest.ts',
  cli: 'src/cli/bin.ts',
}

const shared: UserConfig = {
  platform: 'neutral',
  target: 'node20.19',
  deps: { neverBundle: /^node:/ },
  dts: true,
  // models are Disposable, which the library of the `es2022` target does not declare
  banner: { dts: '/// <reference lib="esnext.disposable" />' },
  hash: false,
  logLevel: 'error',
}

export default defineConfig([
  { ...shared, format: 'esm', entry: { ...entries, ...esmEntries } },
  { ...shared, format: 'cjs', entry: entries },
])
