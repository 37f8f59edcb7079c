// Sets ncnn's options through the C API, which has setters for some of them only, and more of them from version to version.
import { NcnnError } from '../../error.ts'
import { camelCase, type RawOptions } from '../real/options.ts'
import type { NcnnLibrary, Pointer } from './functions.ts'

/** What ncnn has where nothing was set. Not setting an option to this is no loss. */
const ncnnDefaults: Readonly<Record<string, number>> = {
  lightmode: 1,
  use_packing_layout: 1,
  use_sgemm_convolution: 1,
  use_winograd_convolution: 1,
  use_winograd23_convolution: 1,
  use_winograd43_convolution: 1,
  use_winograd63_convolution: 1,
  use_fp16_packed: 1,
  use_fp16_storage: 1,
  use_fp16_arithmetic: 1,
  use_bf16_packed: 0,
  use_bf16_storage: 0,
  use_int8_inference: 1,
  use_vulkan_compute: 0,
}
/** Changes how much memory a run takes, nothing else. */
const withoutEffect = ['lightmode']
/** A property of the net, not of its options. */
const vulkanDevice = 'vulkan_device_index'

/**
 * Sets the options.
 * @throws {NcnnError} when the library cannot set one to another value than ncnn's default
 */
export function setOptions(library: NcnnLibrary, option: Pointer, { asked, reference }: RawOptions): void {
  for (const [name, value] of Object.entries({ ...reference, ...asked })) {
    const set = library.optional(`ncnn_option_set_${name}`, ['void', 'pointer', 'int'])
    if (set !== undefined) set(option, value)
    else if (name !== vulkanDevice && !withoutEffect.includes(name) && ncnnDefaults[name] !== value) {
      throw new NcnnError(explainUnsettable(library.ncnn.ncnn_version(), name, name in asked), { code: 'unsupported' })
    }
  }
}

function explainUnsettable(version: string, name: string, wasAsked: boolean): string {
  const option = camelCase(name)
  const found = `this ncnn (${version}) cannot set the option ${name} through its C API`
  const known = ncnnDefaults[name]
  if (known === undefined) return `${found}; leave ${option} out, or use pythonEngine`
  const accept = `{ ${option}: ${known === 1} }`
  return wasAsked
    ? `${found}, so it is ${known === 1 ? 'on' : 'off'}; ncnn 20260113 or newer can`
    : `${found}, which the reference setting needs; take ncnn 20260113 or newer, or accept ncnn's own default with ncnn: ${accept}`
}

/** Of devices ncnn's C API tells nothing. Its C++ functions do, under the names that all compilers but Microsoft's give them. */
const deviceFunctions = {
  count: ['_ZN4ncnn13get_gpu_countEv', ['int']],
  info: ['_ZN4ncnn12get_gpu_infoEi', ['pointer', 'int']],
  name: ['_ZNK4ncnn7GpuInfo11device_nameEv', ['text', 'pointer']],
} as const

/**
 * Chooses the device, where Vulkan is asked for.
 * @returns its name, if the library can be asked for it
 * @throws {NcnnError} when the build has no Vulkan, or there is no such device
 */
export function selectVulkanDevice(library: NcnnLibrary, net: Pointer, { asked }: RawOptions): string | undefined {
  if (!asked.use_vulkan_compute) return undefined
  const select = library.optional('ncnn_net_set_vulkan_device', ['void', 'pointer', 'int'])
  if (select === undefined) {
    throw new NcnnError(
      'useVulkanCompute: this build of ncnn has no Vulkan (NCNN_VULKAN=ON, version 20240820 or newer)',
      { code: 'unsupported' },
    )
  }
  const devices = library.optional(...deviceFunctions.count)?.() as number | undefined
  if (devices === undefined) {
    if (asked[vulkanDevice] !== undefined) select(net, asked[vulkanDevice])
    return undefined
  }
  const index = asked[vulkanDevice] ?? 0
  if (devices === 0) throw noDevice()
  if (index < 0 || index >= devices) {
    throw new NcnnError(`vulkanDeviceIndex is ${index}, but ncnn finds the devices 0 to ${devices - 1}`, {
      code: 'wrong-option',
    })
  }
  select(net, index)
  const info = library.optional(...deviceFunctions.info)?.(index) as Pointer
  return library.optional(...deviceFunctions.name)?.(info) as string | undefined
}

/** ncnn falls back to the processor without a word where there is no device. */
export function checkVulkan(library: NcnnLibrary, net: Pointer, { asked }: RawOptions): void {
  if (!asked.use_vulkan_compute) return
  const isOn = library.optional('ncnn_option_get_use_vulkan_compute', ['int', 'pointer'])
  if (isOn?.(library.ncnn.ncnn_net_get_option(net)) === 0) throw noDevice()
}

const noDevice = (): NcnnError =>
  new NcnnError('useVulkanCompute: ncnn finds no Vulkan device; a driver brings one', { code: 'unsupported' })
