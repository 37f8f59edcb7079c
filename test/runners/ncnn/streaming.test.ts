// Runs of the built-in engine whose blobs are handed over: what is in memory meanwhile.
import { describe, expect, test } from 'vitest'
import { needed } from '../../../src/runners/graph.ts'
import { loadWasmNetwork } from '../../../src/runners/ncnn/engines/wasm/model.ts'
import { loadNcnn } from '../../../src/runners/ncnn/index.ts'
import { parseParam } from '../../../src/runners/ncnn/parse-param.ts'
import { connect } from '../../../src/runners/ncnn/topology.ts'
import { bytesSource } from '../../../src/runners/ncnn/weight-source.ts'

/** A chain of so many layers, each a ReLU that changes nothing. */
const chain = (length: number): string =>
  [
    '7767517',
    `${length + 1} ${length + 1}`,
    'Input in 0 1 0',
    ...Array.from({ length }, (_, i) => `ReLU relu${i} 1 1 ${i} ${i + 1}`),
  ].join('\n')

const noWeights = new Uint8Array(0)

describe('every blob of 700 layers', () => {
  const param = chain(700)
  const x = new Float32Array(10_000).fill(1)

  test('is handed over in execution order, once', async () => {
    using model = await loadNcnn({ param, bin: noWeights })
    const names: string[] = []
    await model.run({ 0: x }, { outputs: 'all', onTensor: (name) => names.push(name) })
    expect(names).toEqual(model.blobs)
  })

  test("takes no more of the engine's memory than running it, and that is free again, also when the taker throws", async () => {
    const graph = parseParam({ param, paramName: 'param' })
    const options = {
      ncnn: {},
      precision: 'float32',
      customLayers: {},
      memoryLimit: 3 * 4 * x.length,
      weightsOnDemand: undefined,
      relaxedSimd: false,
      release: '20261020',
      batched: false,
    } as const
    const topology = connect(graph)
    const bin = bytesSource(noWeights, 'bin')
    const network = await loadWasmNetwork({ graph, topology, bin, withWeights: (use) => use(bin) }, options)
    const { layers, blobs } = topology
    const fed = new Map([['0', { data: x, shape: [x.length], dtype: 'float32' } as const]])
    const part = needed(layers, fed, blobs)
    let count = 0
    const countOne = (): void => {
      count++
    }
    // Under a limit of three blobs, any that is kept would end the run.
    await network.compute(fed, blobs, part, countOne)
    expect(count).toBe(700)
    for (let run = 0; run < 5; run++) {
      const refused = network.compute(fed, blobs, part, (name) => {
        if (name === '350') throw new RangeError('no more')
      })
      await expect(refused).rejects.toThrow('no more')
    }
    await network.compute(fed, blobs, part, countOne)
    expect(count).toBe(1400)
    network.close()
  })
})
