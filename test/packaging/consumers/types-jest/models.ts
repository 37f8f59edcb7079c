import { compareTensors, type Tensor, tensor } from 'expect-tensor'
import { loadRecording, type Model, recordActivations } from 'expect-tensor/analysis'
import { readTensor, writeTensors } from 'expect-tensor/files'
import { loadLitert } from 'expect-tensor/litert'
import { loadNcnn } from 'expect-tensor/ncnn'
import { loadOnnx } from 'expect-tensor/onnx'
import { loadTfjs } from 'expect-tensor/tfjs'
import { loadTorch } from 'expect-tensor/torch'

export async function measure(param: string, npy: string): Promise<number> {
  const model = await loadNcnn(param)
  const blobs: readonly string[] = model.blobs
  const outputs: Record<string, Tensor> = await model.run({ in0: tensor([1, 2, 3]) }, { outputs: blobs })
  model.close()
  await writeTensors('outputs.npz', outputs)
  const comparison = compareTensors(outputs.out0 ?? [], await readTensor(npy), { preset: 'fp16-weights' })
  return comparison.absDiff.max
}

export async function record(pt: string): Promise<Model> {
  const models: readonly Model[] = [
    await loadTorch(pt, { python: 'python3', state: 'eval' }),
    await loadOnnx('model.onnx', { engine: 'web' }),
    await loadTfjs({}, 'model.json'),
    await loadLitert('model.tflite', { engine: 'python', kernels: 'reference' }),
  ]
  for (const model of models) {
    const { name, version = '', options }: Model['runtime'] = model.runtime
    await recordActivations(model, { x: [1, 2] }, `${name}-${version}-${JSON.stringify(options)}.safetensors`)
  }
  return loadRecording('torch.safetensors')
}
