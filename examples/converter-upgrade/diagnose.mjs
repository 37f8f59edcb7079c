// Which layer did the upgrade move? `npm run diagnose`
import { diagnose, loadRecording } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'

const here = (path) => new URL(path, import.meta.url)

const image = await readTensor(here('data/image.npy'))
const inputs = { in0: { ...image, shape: image.shape.slice(1) } }
const after = await loadNcnn(here('models/20261020/cnn.ncnn.param'))
console.log(String(await diagnose(after, await loadRecording(here('data/before.safetensors')), { inputs })))
after.close()
