// Cast: another element type.
import { NcnnError } from '../../../error.ts'
import { int } from '../../../params.ts'
import { defineLayer, type ElementType } from '../layer.ts'

/** ncnn's numbers of element types; 0 is "whatever it is". */
const castTypes: readonly (ElementType | undefined)[] = [undefined, 'float32', 'float16', 'int8', 'bfloat16']

/** The kernels of the casts that ncnn has, but for the one from int8. They know float32, even where the engine computes in float64. */
const castKernels: Readonly<Record<string, 'castToHalf' | 'halfToFloat' | 'castToBfloat16' | 'bfloat16ToFloat'>> = {
  'float32->float16': 'castToHalf',
  'float16->float32': 'halfToFloat',
  'float32->bfloat16': 'castToBfloat16',
  'bfloat16->float32': 'bfloat16ToFloat',
}

/** y = x in another element type. Casts that ncnn does not have are errors. */
export const Cast = defineLayer({
  type: 'Cast',
  binaryId: 64,
  inputs: '1',
  elements: ({ type_from, type_to }) => ({ reads: castTypes[type_from], writes: castTypes[type_to] }),
  stores16: true,
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
    kernels[kernel]({ source: source.ptr, destination: target.ptr, n: y.length })
    if (target !== y) y.data.set(target.data)
    return y
  },
})
