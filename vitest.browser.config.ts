// The suite that runs in Chromium: snapshots, reporter and report page, with the built package: `npm run build` first.
import { defineConfig } from 'vitest/config'
import { chromium, missingChromium } from './test/browser/project.ts'

if (chromium === undefined) {
  if (process.env.EXPECT_TENSOR_CHROMIUM) throw new Error(missingChromium)
  process.stdout.write(`SKIPPED: ${missingChromium}\n`)
}

export default defineConfig({
  test: {
    include: ['test/{snapshots,report}/browser/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
