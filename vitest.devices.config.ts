// The suite that asks other processors than this one: 64-bit ARM and Vulkan. What is missing is skipped, and said so.
import { defineConfig } from 'vitest/config'
import { describeDevices, findDevices } from './test/devices/find-devices.ts'

const devices = await findDevices()
process.stdout.write(describeDevices(devices))

export default defineConfig({
  test: {
    include: ['test/devices/**/*.test.ts'],
    provide: { devices },
    // An emulated processor takes 50 times as long as a real one.
    testTimeout: 300_000,
  },
})
