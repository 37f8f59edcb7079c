// The suite of the real ncnn as native code, a shared library and the device worker, which .ci/native-ncnn builds. What is missing is
// skipped, and said so.
import { defineConfig } from 'vitest/config'
import { describeBuild, findBuild } from './test/native/find-build.ts'

const build = await findBuild()
process.stdout.write(describeBuild(build))

export default defineConfig({
  test: {
    include: ['test/native/**/*.test.ts', 'test/runners/ncnn/engines/native/**/*.test.ts'],
    provide: { build },
    testTimeout: 120_000,
  },
})
