// The ways in which the network runs here, each with the image as it takes it.
import { readTensor } from 'expect-tensor/files'
import { loadLitert } from 'expect-tensor/litert'
import { loadNcnn } from 'expect-tensor/ncnn'
import { loadOnnx } from 'expect-tensor/onnx'

const here = (path) => new URL(path, import.meta.url)

/** [3, 32, 32] */
const image = await readTensor(here('data/image.npy'))
const [channels, height, width] = image.shape
/** ONNX has a batch axis, TensorFlow has the channels last as well. */
const nchw = { ...image, shape: [1, channels, height, width] }
const nhwc = {
  dtype: image.dtype,
  shape: [1, height, width, channels],
  data: image.data.map((_, i) => image.data[(i % channels) * height * width + Math.floor(i / channels)]),
}

const ncnn = (options) => ({ load: () => loadNcnn(here('models/classify.ncnn.param'), options), image })
const onnx = (options) => ({ load: () => loadOnnx(here('models/classify.onnx'), options), image: nchw })
const litert = (options) => ({
  load: () => loadLitert(here('models/classify.tflite'), options),
  image: nhwc,
  layout: 'nhwc->nchw',
})

/** `layout` is what turns a feature map of this one into one of the others. */
export const ways = {
  'ncnn, built in': ncnn(),
  'ncnn, Python wheel': ncnn({ engine: 'python' }),
  'ncnn, Python wheel, fp16 weights': ncnn({
    engine: 'python',
    ncnn: { useFp16Packed: true, useFp16Storage: true, usePackingLayout: true, useSgemmConvolution: true },
  }),
  'ONNX Runtime Web': onnx({ engine: 'web' }),
  'ONNX Runtime': onnx({ engine: 'node' }),
  'ONNX Runtime, optimized': onnx({ engine: 'node', graphOptimizationLevel: 'all' }),
  'LiteRT.js': litert({ engine: 'web' }),
  'LiteRT, XNNPACK': litert({ engine: 'python' }),
  'LiteRT, builtin kernels': litert({ engine: 'python', kernels: 'builtin' }),
  'LiteRT, reference kernels': litert({ engine: 'python', kernels: 'reference' }),
}

/** The model; undefined where its runtime is not installed. */
export async function open({ load }) {
  try {
    return await load()
  } catch (error) {
    if (error.code !== 'missing-dependency') throw error
    return undefined
  }
}
