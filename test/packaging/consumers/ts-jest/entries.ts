// `module: commonjs` means `moduleResolution: node10`, which knows nothing of "exports": every entry is found by "typesVersions".
import { type Model, tensor } from 'expect-tensor'
import { recordActivations } from 'expect-tensor/analysis'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'
import { loadOnnx } from 'expect-tensor/onnx'
import { loadTfjs } from 'expect-tensor/tfjs'
import { loadTorch } from 'expect-tensor/torch'

export async function loadAll(path: string): Promise<readonly Model[]> {
  const ncnn = await loadNcnn(path)
  await recordActivations(ncnn, { in0: await readTensor('in0.npy'), in1: tensor([1, 2]) }, 'ncnn.safetensors')
  return [ncnn, await loadOnnx(path), await loadTfjs({}, path), await loadTorch(path)]
}
