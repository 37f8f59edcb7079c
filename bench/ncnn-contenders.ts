// The built-in engine and the ncnn wheel as contenders: the same files, the same input, one thread.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Model } from '../src/runners/model.ts'
import type { Contender } from './measure.ts'
import type { Network } from './networks.ts'
import type { JsonPeer } from './peers/json-lines.ts'

// the package as it is published: what tsx makes of the sources names every function at run time, which small layers notice
export const built = new URL('../dist/ncnn.js', import.meta.url).href
export const { loadNcnn } = (await import(built)) as typeof import('../src/runners/ncnn/index.ts')

export const wheelDefault = 'ncnn wheel'
export const wheelReference = 'ncnn wheel, reference options'

/** A loaded model that runs again and again. */
export function engine(name: string, inputs: Parameters<Model['run']>[0], model: Model): Contender {
  return {
    name,
    async run(repeats) {
      const before = process.cpuUsage()
      for (let i = 0; i < repeats; i++) await model.run(inputs)
      const { user, system } = process.cpuUsage(before)
      return (user + system) * 1000
    },
  }
}

/** The wheel with its default options and with those of the reference setting; the files go to `folder`. */
export async function wheelContenders(
  { name, param, bin, input }: Network,
  model: Model,
  wheel: JsonPeer,
  folder: string,
): Promise<Contender[]> {
  const file = (suffix: string) => join(folder, `${name.replaceAll(/\W+/g, '-')}.${suffix}`)
  await writeFile(file('param'), param)
  await writeFile(file('bin'), bin)
  await writeFile(file('values'), new Uint8Array((input.data as Float32Array).buffer))
  const request = {
    param: file('param'),
    bin: file('bin'),
    values: file('values'),
    shape: input.shape,
    input: model.inputs[0].name,
    output: model.outputs[0].name,
  }
  const contender = (contenderName: string, setting: string): Contender => ({
    name: contenderName,
    async run(repeats) {
      const answer = (await wheel.ask({ ...request, setting, repeats })) as { readonly nanoseconds: number }
      return answer.nanoseconds
    },
  })
  return [contender(wheelDefault, 'default'), contender(wheelReference, 'reference')]
}
