// What ten releases of pnnx make of three networks: `node matrix.mjs FOLDER`, the folder that convert.py wrote.
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { compareTensors } from 'expect-tensor'
import { readTensor } from 'expect-tensor/files'
import { loadNcnn } from 'expect-tensor/ncnn'

const folder = pathToFileURL(`${resolve(process.argv[2])}/`)
const there = (path) => new URL(path, folder)

const networks = ['cnn', 'recurrent', 'transformer']
const releases = readdirSync(folder).filter((name) => /^\d{8}$/.test(name))

/** Layers of the .param, and the largest error of any output element against PyTorch. */
async function cell(release, network) {
  const image = await readTensor(there(`${network}.in.npy`))
  const expected = await readTensor(there(`${network}.out.npy`))
  try {
    const model = await loadNcnn(there(`${release}/${network}.ncnn.param`))
    const { out0 } = await model.run({ in0: { ...image, shape: image.shape.slice(1) } })
    model.close()
    const { absDiff } = compareTensors(out0, expected, { squeeze: true })
    return `${model.layers.length} layers, ${absDiff.max.toExponential(1)}`
  } catch (error) {
    if (error.code !== 'unsupported') throw error
    return 'not converted'
  }
}

console.log(`| pnnx | ${networks.join(' | ')} |\n| ---${' | ---'.repeat(networks.length)} |`)
for (const release of releases) {
  const cells = []
  for (const network of networks) cells.push(await cell(release, network))
  console.log(`| ${release} | ${cells.join(' | ')} |`)
}
