// Quantize, Dequantize, Requantize, Cast and Packing: changes of the element type.
import { NcnnError } from '../../../error.ts'
import { floats, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import { defineLayer } from '../layer.ts'
import type { Blob, BlobArray, BlobDType } from '../memory/blob.ts'
import { activate, fusedActivation } from '../operations/fused-activation.ts'
import { elementAddress } from '../operations/matrix.ts'
import { toInt8 } from '../precision/int8.ts'

/**
 * The value for each element of the outermost axis: one for all, or one each. A vector has one outermost element, for ncnn gives
 * it a single scale.
 */
function perChannel(values: BlobArray | undefined, absent: number, x: Blob, name: string): (channel: number) => number {
  if (values === undefined) return () => absent
  if (values.length === 1 || x.shape.length === 1) return () => values[0]
  if (values.length !== x.shape[0])
    throw new NcnnError(`${name} has ${values.length} values for ${x.shape[0]} channels`)
  return (channel) => values[channel]
}

/** Calls `visit` for each channel with the range of its elements. */
function forEachChannel(x: Blob, visit: (channel: number, start: number, end: number) => void): void {
  const channels = x.shape.length === 1 ? 1 : x.shape[0]
  const size = x.length / channels
  for (let channel = 0; channel < channels; channel++) visit(channel, channel * size, (channel + 1) * size)
}

/** y = int8(x * scale), halves rounded away from zero. */
export const Quantize = defineLayer({
  type: 'Quantize',
  inputs: '1',
  params: { scale_data_size: int(0, 1) },
  weights: ({ scale_data_size }) => ({ scale_data: raw(scale_data_size) }),
  forward([x], { weights }, { alloc, kernels }) {
    const y = alloc(x.shape, 'int8')
    const scaleOf = perChannel(weights.scale_data.data, 1, x, 'scale_data')
    const [source, target] = [x.data, y.data]
    forEachChannel(x, (channel, start, end) => {
      const scale = scaleOf(channel)
      if (x.dtype === 'float32') {
        kernels.quantizeToBytes(elementAddress(x, start), scale, y.ptr + start, end - start)
        return
      }
      for (let i = start; i < end; i++) target[i] = toInt8(Math.fround(source[i] * scale))
    })
    return y
  },
})

/** y = x * scale + bias, for x of int32. */
export const Dequantize = defineLayer({
  type: 'Dequantize',
  inputs: '1',
  params: { scale_data_size: int(0, 1), bias_data_size: int(1) },
  weights: ({ scale_data_size, bias_data_size }) => ({
    scale_data: raw(scale_data_size),
    bias_data: bias_data_size ? raw(bias_data_size) : undefined,
  }),
  forward([x], { weights }, { alloc }) {
    const y = alloc(x.shape)
    const scaleOf = perChannel(weights.scale_data.data, 1, x, 'scale_data')
    const biasOf = perChannel(weights.bias_data?.data, 0, x, 'bias_data')
    const [source, target] = [x.data, y.data]
    forEachChannel(x, (channel, start, end) => {
      const [scale, bias] = [scaleOf(channel), biasOf(channel)]
      for (let i = start; i < end; i++) target[i] = source[i] * scale + bias
    })
    return y
  },
})

/** y = int8(activation(x * scale_in + bias) * scale_out), for x of int32. */
export const Requantize = defineLayer({
  type: 'Requantize',
  inputs: '1',
  params: {
    scale_in_data_size: int(0, 1),
    scale_out_data_size: int(1, 1),
    bias_data_size: int(2),
    activation_type: int(3),
    activation_params: floats(4),
  },
  weights: ({ scale_in_data_size, scale_out_data_size, bias_data_size }) => ({
    scale_in_data: raw(scale_in_data_size),
    scale_out_data: raw(scale_out_data_size),
    bias_data: bias_data_size ? raw(bias_data_size) : undefined,
  }),
  forward([x], { params, weights }, { alloc }) {
    const y = alloc(x.shape, 'int8')
    const activation = fusedActivation(params)
    const scaleInOf = perChannel(weights.scale_in_data.data, 1, x, 'scale_in_data')
    const scaleOutOf = perChannel(weights.scale_out_data.data, 1, x, 'scale_out_data')
    const biasOf = perChannel(weights.bias_data?.data, 0, x, 'bias_data')
    const [source, target] = [x.data, y.data]
    forEachChannel(x, (channel, start, end) => {
      const [scaleIn, scaleOut, bias] = [scaleInOf(channel), scaleOutOf(channel), biasOf(channel)]
      for (let i = start; i < end; i++) {
        const value = activate(Math.fround(Math.fround(source[i] * scaleIn) + bias), activation)
        target[i] = toInt8(Math.fround(Math.fround(value) * scaleOut))
      }
    })
    return y
  },
})

/** ncnn's numbers of element types; 0 is "whatever it is". */
const castTypes: readonly (BlobDType | undefined)[] = [undefined, 'float32', 'float16', 'int8', 'bfloat16']

/** The kernels of the casts that ncnn has, but for the one from int8. They know float32, even where the engine computes in float64. */
const castKernels: Readonly<Record<string, 'cutToHalf' | 'halfToFloat' | 'cutToBfloat16' | 'bfloat16ToFloat'>> = {
  'float32->float16': 'cutToHalf',
  'float16->float32': 'halfToFloat',
  'float32->bfloat16': 'cutToBfloat16',
  'bfloat16->float32': 'bfloat16ToFloat',
}

/** y = x in another element type. Casts that ncnn does not have are errors. */
export const Cast = defineLayer({
  type: 'Cast',
  inputs: '1',
  params: { type_from: int(0), type_to: int(1) },
  forward([x], { params: { type_from, type_to } }, { alloc, scratch, float, kernels }) {
    if (type_from === type_to) return x.share()
    const [from, to] = [castTypes[type_from], castTypes[type_to]]
    const kernel = castKernels[`${from}->${to}`]
    const widensInt8 = from === 'int8' && to === 'float32'
    if (to === undefined || (kernel === undefined && !widensInt8)) {
      throw new NcnnError(`ncnn has no cast from type ${type_from} to type ${type_to}`)
    }
    // Fed 16-bit floats were widened on the way into the engine.
    if (to === 'float32' && x.dtype === float) return x.share()
    const y = alloc(x.shape, to === 'float32' ? float : to)
    if (kernel === undefined) {
      y.data.set(x.data)
      return y
    }
    const source = x.dtype === 'float64' ? scratch(x.shape, 'float32') : x
    if (source !== x) source.data.set(x.data)
    const target = y.dtype === 'float64' ? scratch(y.shape, 'float32') : y
    kernels[kernel](source.ptr, target.ptr, y.length)
    if (target !== y) y.data.set(target.data)
    return y
  },
})

/** Changes how many channels ncnn keeps side by side in memory. Blobs here are always dense, so y = x. */
export const Packing = defineLayer({
  type: 'Packing',
  inputs: '1',
  params: { out_elempack: int(0, 1), use_padding: int(1), cast_type_from: int(2), cast_type_to: int(3) },
  forward: ([x]) => x.share(),
})
