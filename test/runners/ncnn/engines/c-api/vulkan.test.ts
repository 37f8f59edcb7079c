// Which Vulkan device the C API is told to take, with what a library says of its devices.
import { expect, test } from 'vitest'
import type { NcnnLibrary } from '../../../../../src/runners/ncnn/engines/c-api/functions.ts'
import { selectVulkanDevice } from '../../../../../src/runners/ncnn/engines/c-api/options.ts'

const net = 7

/** Selects a device of a library that has these functions; gives what was selected, and the name. */
function select(functions: Readonly<Record<string, unknown>>, asked: Readonly<Record<string, number>>) {
  const selected: unknown[] = []
  const all: Readonly<Record<string, unknown>> = {
    ncnn_net_set_vulkan_device: (...values: unknown[]) => selected.push(values),
    ...functions,
  }
  const library = { optional: (name: string) => all[name] } as unknown as NcnnLibrary
  return {
    name: selectVulkanDevice(library, net, { asked: { use_vulkan_compute: 1, ...asked }, reference: {} }),
    selected,
  }
}

/** ncnn's C++ functions, by the names that they have in a library. */
const devices = (...names: string[]) => ({
  _ZN4ncnn13get_gpu_countEv: () => names.length,
  _ZN4ncnn12get_gpu_infoEi: (index: number) => 1000 + index,
  _ZNK4ncnn7GpuInfo11device_nameEv: (info: number) => names[info - 1000],
})

test('it is the first one, or the one that is asked for, and its name is told', () => {
  const two = devices('Mali', 'Adreno')
  expect(select(two, {})).toEqual({ name: 'Mali', selected: [[net, 0]] })
  expect(select(two, { vulkan_device_index: 1 })).toEqual({ name: 'Adreno', selected: [[net, 1]] })
})

test('one that is not there is an error', () => {
  expect(() => select(devices('Mali'), { vulkan_device_index: 1 })).toThrow(
    'vulkanDeviceIndex is 1, but ncnn finds the devices 0 to 0',
  )
  expect(() => select(devices('Mali'), { vulkan_device_index: -1 })).toThrow('vulkanDeviceIndex is -1')
  expect(() => select(devices(), {})).toThrow('useVulkanCompute: ncnn finds no Vulkan device; a driver brings one')
})

test('a library that has no such functions is told what was asked for', () => {
  expect(select({}, {})).toEqual({ name: undefined, selected: [] })
  expect(select({}, { vulkan_device_index: 1 })).toEqual({ name: undefined, selected: [[net, 1]] })
  expect(() => select({ ncnn_net_set_vulkan_device: undefined }, {})).toThrow('this build of ncnn has no Vulkan')
})

test('none is chosen where Vulkan is not asked for', () => {
  expect(select(devices('Mali'), { use_vulkan_compute: 0 })).toEqual({ name: undefined, selected: [] })
})
