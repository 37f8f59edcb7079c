// The real ncnn on ARM and on Vulkan: what it drifts from the built-in engine under its default options, and without fp16.
import { describe, expect, inject, test } from 'vitest'
import { readTensors } from '../../src/files/index.ts'
import type { Model } from '../../src/runners/model.ts'
import {
  type LoadNcnnOptions,
  loadNcnn,
  type NcnnOptions,
  ncnnOptionSets,
  pythonEngine,
} from '../../src/runners/ncnn/index.ts'
import { armCases, runArmCase } from '../runners/ncnn/arm/cases.ts'
import stored from '../runners/ncnn/arm/results.json' with { type: 'json' }
import type { Device } from './find-devices.ts'

const example = (path: string): URL => new URL(`../../examples/voiceprint/${path}`, import.meta.url)

const load = (options: LoadNcnnOptions): Promise<Model> => loadNcnn(example('models/ecapa-fp32.ncnn.param'), options)

async function embedding(options: LoadNcnnOptions): Promise<Float32Array> {
  const { 'fbank/hugo-1': in0 } = await readTensors(example('data/ecapa.safetensors'))
  using model = await load(options)
  const { out0 } = await model.run({ in0 })
  return out0.data as Float32Array
}

/** The greatest difference of an element from the built-in engine's. */
async function drift(python: string, ncnn: NcnnOptions): Promise<number> {
  const [real, builtIn] = [await embedding({ engine: pythonEngine({ python }), ncnn }), await embedding({})]
  return real.reduce((most, value, i) => Math.max(most, Math.abs(value - builtIn[i])), 0)
}

/** The root mean square of what an engine's embedding differs from float64. */
async function distanceFrom64(options: LoadNcnnOptions): Promise<number> {
  const [found, exact] = [await embedding(options), await embedding({ precision: 'float64' })]
  const squares = found.reduce((sum, value, i) => sum + (value - exact[i]) ** 2, 0)
  return Math.sqrt(squares / found.length)
}

const { useFp16Arithmetic: _, ...fp16Storage } = ncnnOptionSets.default

function describeOn(name: string, device: Device, body: (python: string) => void): void {
  if ('python' in device) describe(name, () => body(device.python))
  else describe.skip(`${name} [skipped: ${device.missing}]`, () => test('the voiceprint network'))
}

const { arm64, vulkan } = inject('devices')

describeOn('64-bit ARM', arm64, (python) => {
  test('is named as what runs the model', async () => {
    using model = await load({ engine: pythonEngine({ python }) })
    expect(model.runtime.version).toMatch(/^ncnn .* \(Python .*, aarch64\)$/)
  })

  test('computes what the built-in engine does, without fp16', async () => {
    expect(await drift(python, {})).toBeLessThan(1e-4)
  })

  test.each([
    ['fp16 storage', fp16Storage],
    ['fp16 arithmetic', ncnnOptionSets.default],
    ['bf16 storage', ncnnOptionSets['bf16 storage']],
  ])('drifts by what the simulation says, within a factor of 1.25: %s', async (_, ncnn) => {
    const real = await distanceFrom64({ engine: pythonEngine({ python }), ncnn })
    const simulated = await distanceFrom64({ ncnn })
    expect(simulated / real).toBeGreaterThan(1 / 1.25)
    expect(simulated / real).toBeLessThan(1.25)
  })

  // `npm run record:arm` writes what this finds.
  test('single layers give what the simulation is tested against', async () => {
    const found: Record<string, number[]> = {}
    for (const [name, armCase] of Object.entries(armCases)) {
      const { data } = await runArmCase(armCase, pythonEngine({ python }))
      found[name] = Array.from(data as Float32Array, (x) => x + 0)
    }
    expect(found).toEqual(stored)
  })

  test('drifts by what people report, as it runs by default', async () => {
    const found = await drift(python, ncnnOptionSets.default)
    expect(found).toBeGreaterThan(1e-3)
    expect(found).toBeLessThan(1e-1)
  })
})

describeOn('Vulkan', vulkan, (python) => {
  const onDevice = { useVulkanCompute: true }

  test('is named as what runs the model', async () => {
    using model = await load({ engine: pythonEngine({ python }), ncnn: onDevice })
    expect(model.runtime.options).toMatchObject({ useVulkanCompute: true, device: expect.stringMatching(/./) })
  })

  test('computes what the built-in engine does, without fp16', async () => {
    expect(await drift(python, onDevice)).toBeLessThan(1e-4)
  })

  test('drifts no further than the simulation says, without fp16 arithmetic', async () => {
    const real = await distanceFrom64({ engine: pythonEngine({ python }), ncnn: { ...fp16Storage, ...onDevice } })
    expect(real).toBeLessThan(1.25 * (await distanceFrom64({ ncnn: fp16Storage })))
  })

  test('drifts as it runs by default', async () => {
    expect(await drift(python, { ...ncnnOptionSets.default, ...onDevice })).toBeGreaterThan(1e-3)
  })

  test('that is not there is an error, not a run on the processor', async () => {
    const other = { ...onDevice, vulkanDeviceIndex: 99 }
    await expect(load({ engine: pythonEngine({ python }), ncnn: other })).rejects.toThrow(
      /vulkanDeviceIndex is 99, but ncnn finds the devices 0 to \d/,
    )
    const blind = ['env', 'VK_ICD_FILENAMES=/nowhere', 'VK_DRIVER_FILES=/nowhere', python]
    await expect(load({ engine: pythonEngine({ python: blind }), ncnn: onDevice })).rejects.toThrow(
      'useVulkanCompute: ncnn finds no Vulkan device',
    )
  })
})
