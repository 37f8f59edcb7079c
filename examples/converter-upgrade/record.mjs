// Records every blob of the network as the old converter made it, before the upgrade: `node record.mjs`.
import { recordActivations } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'

const here = (path) => new URL(path, import.meta.url)

const image = await readTensor(here('data/image.npy'))
const model = await loadNcnn(here('models/20251119/cnn.ncnn.param'))
await recordActivations(model, { in0: { ...image, shape: image.shape.slice(1) } }, here('data/before.safetensors'))
model.close()
