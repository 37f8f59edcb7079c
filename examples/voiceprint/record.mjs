// Records what PyTorch computes inside the ECAPA-TDNN, so that the tests need no PyTorch: `node record.mjs <TorchScript of the network>`.
// Needs a Python with PyTorch, which EXPECT_TENSOR_PYTHON names.
import { recordActivations } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadTorch } from 'expect-tensor/torch'

const here = (path) => new URL(path, import.meta.url)

const [path] = process.argv.slice(2)
if (path === undefined) throw new Error('usage: node record.mjs models/ecapa.pt')
const model = await loadTorch(path)
const fbank = await readTensor(here('data/ecapa.safetensors'), { name: 'fbank/hugo-1' })
const features = { ...fbank, shape: [1, ...fbank.shape] }
const outputs = ['blocks.0', 'blocks.1', 'blocks.2', 'pooling', 'out0']
await recordActivations(model, { features }, here('data/ecapa.torch.safetensors'), { outputs })
console.log(`recorded ${outputs.join(', ')} with ${model.runtime.name} ${model.runtime.version}`)
model.close()
