// Finds a Python with the ncnn wheel for ARM, and one whose wheel finds a Vulkan device.
import { reasonOf } from '../../src/host/reason.ts'
import { loadNcnn, pythonEngine } from '../../src/runners/ncnn/index.ts'

/** The interpreter that reaches a device; why there is none. */
export type Device = { readonly python: string } | { readonly missing: string }

export interface Devices {
  readonly arm64: Device
  readonly vulkan: Device
}

declare module 'vitest' {
  interface ProvidedContext {
    devices: Devices
  }
}

const nothing = { param: '7767517\n2 2\nInput in 0 1 x\nReLU r 1 1 x y', bin: new Uint8Array(0) }

export async function findDevices(): Promise<Devices> {
  const arm64 = process.env.EXPECT_TENSOR_ARM64_PYTHON
  return {
    arm64: arm64 ? await findArm(arm64) : { missing: 'EXPECT_TENSOR_ARM64_PYTHON names no interpreter' },
    vulkan: await findVulkan(process.env.EXPECT_TENSOR_PYTHON || 'python3'),
  }
}

async function findArm(python: string): Promise<Device> {
  const version = await pythonEngine({ python }).version()
  if (!version.includes('aarch64')) throw new Error(`EXPECT_TENSOR_ARM64_PYTHON=${python} is no ARM: ${version}`)
  return { python }
}

async function findVulkan(python: string): Promise<Device> {
  try {
    const model = await loadNcnn(nothing, { engine: pythonEngine({ python }), ncnn: { useVulkanCompute: true } })
    model.close()
    return { python }
  } catch (error) {
    return { missing: reasonOf(error).split('\n', 1)[0] }
  }
}

export function describeDevices(devices: Devices): string {
  const lines = Object.entries(devices).map(([name, device]: [string, Device]) =>
    'python' in device ? `${name}: ${device.python}` : `${name} is missing (${device.missing}): its tests are SKIPPED`,
  )
  return `${lines.join('\n')}\n\n`
}
