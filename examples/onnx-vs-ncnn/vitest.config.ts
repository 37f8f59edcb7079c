import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['onnx-vs-ncnn.test.ts'],
    setupFiles: ['expect-tensor/vitest'],
  },
})
