// Builds every entry point twice, ESM and CJS: Jest cannot require ESM on Node 20 and 22.
import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    ncnn: 'src/runners/ncnn/index.ts',
    files: 'src/files/index.ts',
  },
  format: ['esm', 'cjs'],
  platform: 'neutral',
  target: 'node20.19',
  dts: true,
  clean: true,
  hash: false,
})
