// What is refused before a model is handed to the real ncnn, and what becomes of its blobs.
import { describe, expect, test } from 'vitest'
import { loadRealModel } from '../../../../../src/runners/ncnn/engines/real/model.ts'
import type { NcnnSession } from '../../../../../src/runners/ncnn/engines/real/session.ts'
import { NcnnError } from '../../../../../src/runners/ncnn/error.ts'
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

test('weights that ncnn does not take though they are as long as they should be', async () => {
  const param = '7767517\n2 2\nInput in 0 1 x\nInnerProduct fc 1 1 x out 0=2 1=0 2=8\n'
  const load = (bytes: number) => {
    const bin = bytesSource(new Uint8Array(bytes), 'net.bin')
    const refusal = new NcnnError('ncnn cannot load the .bin (return code -1)', { code: 'runtime-failed' })
    return loadRealModel('python', networkOf(param, bin), options, () => Promise.reject(refusal))
  }
  await expect(load(36)).rejects.toMatchObject({
    code: 'runtime-failed',
    message: expect.stringMatching(/return code -1\)\nThe \.bin is as long as the \.param says: .* not enough memory/),
  })
  await expect(load(20)).rejects.toMatchObject({ code: 'truncated', message: expect.not.stringContaining('memory') })
})

test('a layer that this ncnn has not', async () => {
  const param = '7767517\n2 2\nInput in 0 1 x\nPermute p 1 1 x out 0=1\n'
  const refusal = new NcnnError(
    'ncnn cannot load the .param (return code -1)\n  layer Permute not exists or registered',
    { code: 'runtime-failed' },
  )
  const network = networkOf(param, bytesSource(new Uint8Array(0), 'net.bin'))
  await expect(loadRealModel('worker', network, options, () => Promise.reject(refusal))).rejects.toMatchObject({
    code: 'unsupported',
    message: `${refusal.message}\nThis ncnn has no layer Permute: it is of a release before it, or was built without it`,
  })
})

describe('a run', () => {
  /** Runs the network on x. The session crashes when it is reached, as ncnn might. */
  async function run(layers: readonly string[], x: number[], why = 'ncnn crashed'): Promise<void> {
    const blobs = layers.length + 1
    const param = ['7767517', `${blobs} ${blobs}`, 'Input in 0 1 x', ...layers, ''].join('\n')
    const network = networkOf(param, bytesSource(new Uint8Array(4 + 4 * 8), 'net.bin'))
    const session: NcnnSession = {
      batches: true,
      run: () => Promise.reject(new NcnnError(why, { code: 'runtime-failed' })),
      close() {},
    }
    const loaded = await loadRealModel('python', network, options, async () => session)
    const size = x.reduce((product, length) => product * length, 1)
    const fed = new Map([['x', { data: new Float32Array(size), shape: x, dtype: 'float32' as const }]])
    await loaded.compute(
      fed,
      ['y'],
      { layers: network.graph.layers.slice(1), missing: [], absent: [] },
      () => undefined,
    )
  }
  const dense = ['InnerProduct fc 1 1 x y 0=2 1=0 2=8']

  test.each([[[0]], [[2, 0, 3]]])('on %j, which ncnn takes for nothing', async (x) => {
    await expect(run(['ReLU r 1 1 x y'], x)).rejects.toMatchObject({
      code: 'wrong-input',
      message: `layer "r" (ReLU, line 4) cannot run on [${x.join(', ')}]: a tensor without elements is none to ncnn, which would crash`,
    })
  })

  test('on nothing of a layer that this package does not know is for ncnn to judge', async () => {
    await expect(run(['Unheard u 1 1 x y'], [0])).rejects.toThrow('ncnn crashed')
  })

  test.each([[[3]], [[5]], [[4, 3]], [[1, 2, 4]]])('on %j of a layer for four features', async (x) => {
    await expect(run(dense, x)).rejects.toMatchObject({
      code: 'wrong-input',
      message: `layer "fc" (InnerProduct, line 4) cannot run on [${x.join(', ')}]: the weights are for 4 features`,
    })
  })

  test.each([[[4]], [[7, 4]], [[2, 2]], [[1, 2, 2]]])('on %j of a layer for four features reaches ncnn', async (x) => {
    await expect(run(dense, x)).rejects.toThrow('ncnn crashed')
  })

  const weights = '6=8'
  test.each([
    [`Convolution1D c 1 1 x y 0=1 1=2 ${weights}`, [3, 5], 4],
    [`ConvolutionDepthWise c 1 1 x y 0=2 1=2 7=2 ${weights}`, [3, 5, 5], 2],
    [`Deconvolution1D c 1 1 x y 0=1 1=2 ${weights}`, [5, 5], 4],
    [`Convolution c 1 1 x y 0=1 1=2 ${weights}`, [3, 5, 5], 2],
    [`Convolution c 1 1 x y 0=1 1=2 ${weights}`, [5, 5], 2],
    [`Deconvolution c 1 1 x y 0=1 1=2 ${weights}`, [3, 5, 5], 2],
    [`Convolution3D c 1 1 x y 0=1 1=2 ${weights}`, [2, 5, 5, 5], 1],
  ])('of %s on other channels, %j', async (layer, x, channels) => {
    await expect(run([layer], x)).rejects.toMatchObject({
      code: 'wrong-input',
      message: expect.stringContaining(
        `cannot run on [${x.join(', ')}]: the weights are for ${channels} input channels`,
      ),
    })
  })

  test.each([
    [`Convolution1D c 1 1 x y 0=1 1=2 ${weights}`, [4, 5]],
    [`Convolution1D c 1 1 x y 0=1 1=2 ${weights}`, [5]],
    ['Convolution1D c 2 1 x x y 0=1 1=2 19=1', [4, 5]],
    [`Deconvolution c 1 1 x y 0=1 1=2 ${weights}`, [2, 5, 5]],
    [`Convolution c 1 1 x y 0=1 1=2 ${weights}`, [2, 1, 5, 5]],
    [`Convolution3D c 1 1 x y 0=1 1=2 ${weights}`, [1, 5, 5, 5]],
  ])('of %s on its channels, %j, reaches ncnn', async (layer, x) => {
    await expect(run([layer], x)).rejects.toThrow('ncnn crashed')
  })

  const turned = ['Permute p 1 1 x a 0=1', 'Padding q 1 1 a b 2=2 3=2', 'ReLU r 1 1 b c']
  test('of a layer behind others that only turn, pad and activate', async () => {
    const layers = [...turned, `Convolution1D c 1 1 c y 0=1 1=2 ${weights}`]
    await expect(run(layers, [5, 3])).rejects.toMatchObject({
      code: 'wrong-input',
      message: 'layer "c" (Convolution1D, line 7) cannot run on [3, 9]: the weights are for 4 input channels',
    })
    await expect(run(layers, [5, 4])).rejects.toThrow('ncnn crashed')
  })

  const sequence = `Convolution1D c 1 1 a y 0=1 1=2 ${weights}`
  const image = `Convolution c 1 1 a y 0=1 1=2 ${weights}`
  test.each([
    ['Padding p 1 1 x a 0=1 1=1', sequence, [2, 3], [4, 3]],
    ['Padding p 1 1 x a 7=1', image, [1, 3, 3], [2, 3, 3]],
    ['Permute p 1 1 x a 0=2', image, [3, 2, 3], [2, 3, 3]],
    ['BinaryOp p 1 1 x a 1=1 2=2', sequence, [4, 3], [2, 3]],
  ])('of a layer behind %s', async (layer, reader, good, bad) => {
    await expect(run([layer, reader], good)).rejects.toThrow('ncnn crashed')
    await expect(run([layer, reader], bad)).rejects.toThrow(/ cannot run on .* input channels$/)
  })

  test.each(['Padding p 1 1 x a 0=-233', 'Permute p 1 1 x a 0=5', 'Reshape p 1 1 x a 0=3'])(
    'of a layer behind %s, of which it is not known',
    async (layer) => {
      await expect(run([layer, sequence], [2, 3])).rejects.toThrow('ncnn crashed')
    },
  )

  test('that ncnn ends without a result is explained', async () => {
    const why = 'ncnn cannot compute blob "y" (return code -100)\n  what it printed'
    await expect(run(['ReLU r 1 1 x y'], [1], why)).rejects.toMatchObject({
      code: 'runtime-failed',
      message: expect.stringMatching(
        /what it printed\nThat is what its layers say .* no elements, .* no memory for it$/,
      ),
    })
  })
})
