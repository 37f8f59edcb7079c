// What is refused before a model is handed to the real ncnn, and what becomes of its blobs.
import { expect, test } from 'vitest'
import { loadRealModel } from '../../../../../src/runners/ncnn/engines/real/model.ts'
import type { NcnnSession } from '../../../../../src/runners/ncnn/engines/real/session.ts'
import { parseParam } from '../../../../../src/runners/ncnn/parse-param.ts'
import { connect } from '../../../../../src/runners/ncnn/topology.ts'
import { bytesSource, type WeightSource } from '../../../../../src/runners/ncnn/weight-source.ts'
import type { Tensor } from '../../../../../src/tensor/tensor.ts'

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

/** A network of this .param, and weights that are only as many as said. */
function networkOf(param: string, bin: WeightSource) {
  const graph = parseParam({ param, paramName: 'net.param' })
  return { param, bin, paramName: 'net.param', graph, topology: connect(graph), withWeights: () => Promise.reject() }
}

test('a .bin above 2 GiB, which would have to be handed over in one piece', async () => {
  const count = 2 ** 29
  const param = `7767517\n2 2\nInput in 0 1 x\nInnerProduct fc 1 1 x out 0=1 2=${count}\n`
  const bin = { ...bytesSource(new Uint8Array(4), 'net.bin'), size: 4 + 4 * count }
  const loaded = loadRealModel('python', networkOf(param, bin), options, () => {
    throw new Error('it was handed over')
  })
  await expect(loaded).rejects.toThrow(
    'net.bin has 2147483652 bytes; above 2 GiB only the built-in engine loads weights. ' +
      'Convert the model with 16-bit weights (pnnx: fp16=1), or divide it into several',
  )
})

test.each([
  [{ useBf16Storage: true }, 'bfloat16'],
  [{ useFp16Storage: true, useBf16Storage: true }, 'float16'],
  [{ useFp16Storage: true }, 'float16'],
] as const)('caches of attention come out as they are stored: %o', async (ncnn, dtype) => {
  const param = `7767517
4 6
Input in0 0 1 x
Input in1 0 1 pastK
Input in2 0 1 pastV
MultiHeadAttention attention 3 3 x pastK pastV y k v 0=2 1=1 2=4 7=1
`
  const bin = bytesSource(new Uint8Array(4 * (4 * 4 + 4 * 2 + 4)), 'net.bin')
  const bytes = Uint8Array.of(0x80, 0x3f, 0, 0)
  const session: NcnnSession = {
    batches: true,
    run: async (_, emit) => emit({ bytes, shape: [1, 1, 2], bits: 16, batch: 1 }),
    close() {},
  }
  const network = networkOf(param, bin)
  const loaded = await loadRealModel('python', network, { ...options, ncnn }, async () => session)
  const fed = new Map([['x', { data: new Float32Array(2), shape: [1, 2], dtype: 'float32' as const }]])
  const part = { layers: network.graph.layers.slice(3), missing: [], absent: [] }
  const emitted: Tensor[] = []
  await loaded.compute(fed, ['k'], part, (_, tensor) => emitted.push(tensor))
  expect(emitted).toEqual([{ data: Uint16Array.of(0x3f80, 0), shape: [1, 1, 2], dtype }])
})
