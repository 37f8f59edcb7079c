// Two mistakes of one conversion, each named in one call: `npm run diagnose`.
import { diagnose } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'
import { loadOnnx } from 'expect-tensor/onnx'

const here = (path) => new URL(path, import.meta.url)

const image = await readTensor(here('data/image.npy'))
const onnx = await loadOnnx(here('models/segment.onnx'))
const right = await loadNcnn(here('models/segment.ncnn.param'))
const wrong = await loadNcnn(here('models/wrong.ncnn.param'), { bin: here('models/segment.ncnn.bin') })

const [red, green, blue] = [0, 1, 2].map((channel) => image.data.subarray(channel * 48 * 48, (channel + 1) * 48 * 48))
const bgr = { ...image, data: Float32Array.of(...blue, ...green, ...red) }
const batched = { in0: { ...image, shape: [1, ...image.shape] } }

for (const [title, model, options] of [
  ['As pnnx converts it', right, { inputs: { in0: image } }],
  ['Without align_corners', wrong, { inputs: { in0: image } }],
  ['Fed with BGR', right, { inputs: { in0: bgr }, referenceInputs: batched }],
]) {
  console.log(`=== ${title}\n\n${await diagnose(model, onnx, options)}\n`)
}
for (const model of [onnx, right, wrong]) model.close()
