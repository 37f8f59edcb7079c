// Quantize, Dequantize, Requantize, Cast and Packing: changes of the element type.
import { bfloat16ToFloat32, float16ToFloat32 } from '../../../../../tensor/half.ts'
import { NcnnError } from '../../../error.ts'
import { floats, int } from '../../../params.ts'
import { raw } from '../../../weights.ts'
import type { Blob, BlobArray, BlobDType } from '../blob.ts'
import { activate, fusedActivation } from '../fused-activation.ts'
import { toInt8 } from '../int8.ts'
import { defineLayer } from '../layer.ts'

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
  forward([x], { weights }, { alloc }) {
    const y = alloc(x.shape, 'int8')
    const scaleOf = perChannel(weights.scale_data.data, 1, x, 'scale_data')
    const [source, target] = [x.data, y.data]
    forEachChannel(x, (channel, start, end) => {
      const scale = scaleOf(channel)
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

/** y = x in another element type. Casts that ncnn does not have are errors. */
export const Cast = defineLayer({
  type: 'Cast',
  inputs: '1',
  params: { type_from: int(0), type_to: int(1) },
  forward([x], { params: { type_from, type_to } }, { alloc, float }) {
    if (type_from === type_to) return x.share()
    const [from, to] = [castTypes[type_from], castTypes[type_to]]
    const convert = from && to && casts[`${from}->${to}`]
    if (convert === undefined) throw new NcnnError(`ncnn has no cast from type ${type_from} to type ${type_to}`)
    // Fed 16-bit floats were widened on the way into the engine.
    if (to === 'float32' && x.dtype === float) return x.share()
    const y = alloc(x.shape, to === 'float32' ? float : to)
    const [source, target] = [x.data, y.data]
    for (let i = 0; i < target.length; i++) target[i] = convert(source[i])
    return y
  },
})

/**
 * float16 bits as ncnn's plain Cast makes them: the mantissa is cut, what is below the least normal number becomes zero, what is
 * above the greatest infinity. (Its SIMD code rounds to nearest.)
 */
function cutToFloat16(x: number): number {
  word.setFloat32(0, x)
  const bits = word.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15
  if (exponent >= 31) return sign | 0x7c00 | (Number.isNaN(x) ? 0x200 : 0)
  return exponent <= 0 ? sign : sign | (exponent << 10) | ((bits >>> 13) & 0x3ff)
}

const word = new DataView(new ArrayBuffer(4))

/** The upper 16 bits of a float32: ncnn cuts where others round. */
function cutToBfloat16(x: number): number {
  word.setFloat32(0, x)
  return word.getUint16(0)
}

const casts: Readonly<Record<string, (x: number) => number>> = {
  'float32->float16': cutToFloat16,
  'float16->float32': float16ToFloat32,
  'int8->float32': (x) => x,
  'float32->bfloat16': cutToBfloat16,
  'bfloat16->float32': bfloat16ToFloat32,
}

/** Changes how many channels ncnn keeps side by side in memory. Blobs here are always dense, so y = x. */
export const Packing = defineLayer({
  type: 'Packing',
  inputs: '1',
  params: { out_elempack: int(0, 1), use_padding: int(1), cast_type_from: int(2), cast_type_to: int(3) },
  forward: ([x]) => x.share(),
})
