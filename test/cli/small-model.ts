// Files of a small model, with and without a mistake in it, and what they are fed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeTensor } from '../../src/files/index.ts'
import { recordActivations } from '../../src/recordings/record-activations.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { image, param, weightBytes } from '../analysis/small-network.ts'

export interface SmallModel {
  /** Of the model as it should be. */
  readonly right: string
  /** Of the model with a pooling layer that takes the maximum in place of the average. */
  readonly wrong: string
  /** Of a recording of all tensors of the right model. */
  readonly recording: string
  /** `in=...`: the input of all of them. */
  readonly input: string
  readonly folder: string
  remove(): void
}

/** What is right, and what is wrong with it. */
export const [rightLine, wrongLine] = ['Pooling avg 1 1 h1 p1 0=1 1=3', 'Pooling avg 1 1 h1 p1 0=0 1=3']

export async function writeSmallModel(): Promise<SmallModel> {
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-cli-'))
  const at = (name: string): string => join(folder, name)
  const bin = weightBytes()
  for (const [name, text] of [
    ['right', param],
    ['wrong', param.replace(rightLine, wrongLine)],
  ]) {
    writeFileSync(at(`${name}.param`), text)
    writeFileSync(at(`${name}.bin`), bin)
  }
  await writeTensor(at('in.npy'), image())
  const model = await loadNcnn(at('right.param'), { precision: 'float64' })
  await recordActivations(model, { in: image() }, at('right.safetensors'))
  model.close()
  return {
    right: at('right.param'),
    wrong: at('wrong.param'),
    recording: at('right.safetensors'),
    input: `in=${at('in.npy')}`,
    folder,
    remove: () => rmSync(folder, { recursive: true }),
  }
}
