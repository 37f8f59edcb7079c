import { compareTensors, type Tensor, tensor } from 'expect-tensor'
import { readTensor, writeTensors } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'

export async function measure(param: string, npy: string): Promise<number> {
  const model = await loadNcnn(param)
  const blobs: readonly string[] = model.blobs
  const outputs: Record<string, Tensor> = await model.run({ in0: tensor([1, 2, 3]) }, { outputs: blobs })
  model.close()
  await writeTensors('outputs.npz', outputs)
  const comparison = compareTensors(outputs.out0 ?? [], await readTensor(npy), { preset: 'fp16-weights' })
  return comparison.absDiff.max
}
