// What is refused before a model is handed to the real ncnn.
import { expect, test } from 'vitest'
import { loadRealModel } from '../../../../../src/runners/ncnn/engines/real/model.ts'
import { parseParam } from '../../../../../src/runners/ncnn/parse-param.ts'
import { connect } from '../../../../../src/runners/ncnn/topology.ts'
import { bytesSource } from '../../../../../src/runners/ncnn/weight-source.ts'

test('a .bin above 2 GiB, which would have to be handed over in one piece', async () => {
  const count = 2 ** 29
  const param = `7767517\n2 2\nInput in 0 1 x\nInnerProduct fc 1 1 x out 0=1 2=${count}\n`
  const bin = { ...bytesSource(new Uint8Array(4), 'net.bin'), size: 4 + 4 * count }
  const options = {
    ncnn: {},
    precision: 'float32',
    customLayers: {},
    memoryLimit: undefined,
    weightsOnDemand: undefined,
    relaxedSimd: false,
    release: '20261020',
    batched: false,
  } as const
  const graph = parseParam({ param, paramName: 'net.param' })
  const network = {
    param,
    bin,
    paramName: 'net.param',
    graph,
    topology: connect(graph),
    withWeights: () => Promise.reject(),
  }
  const loaded = loadRealModel('python', network, options, () => {
    throw new Error('it was handed over')
  })
  await expect(loaded).rejects.toThrow(
    'net.bin has 2147483652 bytes; above 2 GiB only the built-in engine loads weights. ' +
      'Convert the model with 16-bit weights (pnnx: fp16=1), or divide it into several',
  )
})
