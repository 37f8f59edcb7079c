// The batch axis of PyTorch, which ncnn's shapes leave out: every way of getting it wrong is told what to feed.
import { describe, expect, test } from 'vitest'
import { inspectNcnn, loadNcnn, presentEngines } from '../../../src/runners/ncnn/index.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'

/** A convolution of 3 channels to 2, 3x3, whose Input declares its shape or not. */
const network = (declared: '' | ' 0=8 1=8 2=3') => ({
  param: `7767517\n3 3\nInput in0 0 1 in0${declared}\nConvolution conv 1 1 in0 a 0=2 1=3 4=1 6=54\nReLU act 1 1 a out0\n`,
  bin: new Uint8Array(4 + 4 * 54),
})
const zeros = (...shape: number[]): Tensor => ({
  data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
  shape,
  dtype: 'float32',
})
const unbatched = (shape: string, sample: string) =>
  `ncnn's shapes leave the batch out. If the first axis of "in0", ${shape}, is one, feed ${sample}, or load the model with \`batched: true\``

describe.each(await presentEngines(['wasm', 'python']))('$name', (engine) => {
  const run = async (declared: '' | ' 0=8 1=8 2=3', batched: boolean, tensor: Tensor) => {
    using model = await loadNcnn(network(declared), { engine, batched })
    return model.run({ in0: tensor })
  }

  test.each<[batched: boolean, shape: number[], result: number[]]>([
    [false, [3, 8, 8], [2, 8, 8]],
    [true, [1, 3, 8, 8], [1, 2, 8, 8]],
    [true, [2, 3, 8, 8], [2, 2, 8, 8]],
  ])('batched: %s takes %j', async (batched, shape, result) => {
    expect((await run('', batched, zeros(...shape))).out0.shape).toEqual(result)
    expect((await run(' 0=8 1=8 2=3', batched, zeros(...shape))).out0.shape).toEqual(result)
  })

  test.each([
    [[1, 3, 8, 8], '[3, 8, 8]'],
    [[2, 3, 8, 8], '[3, 8, 8]'],
  ])('a batch, %j, where there is none', async (shape, sample) => {
    const failure = await run('', false, zeros(...shape)).catch(String)
    expect(failure).toContain(`layer "conv" (Convolution, line 4) cannot run on [${shape.join(', ')}]`)
    expect(failure).toContain(unbatched(`[${shape.join(', ')}]`, sample))
  })

  test('a single image where there is a batch', async () => {
    const failure = await run('', true, zeros(3, 8, 8)).catch(String)
    expect(failure).toContain('the weights are for 3 input channels')
    expect(failure).toContain(
      'with `batched`, the first axis of "in0", [3, 8, 8], is the batch, and each sample has the shape [8, 8]. If this is a single sample, feed [1, 3, 8, 8]',
    )
  })

  test('a single image where the model declares what a sample is', async () => {
    await expect(run(' 0=8 1=8 2=3', true, zeros(3, 8, 8))).rejects.toThrow(
      'input "in0" has no batch axis, which `batched` says it has: a sample is [3, 8, 8]. Feed [1, 3, 8, 8]',
    )
  })

  test('no channels at all', async () => {
    const failure = await run('', false, zeros(8, 8)).catch(String)
    expect(failure).toContain('cannot run on [8, 8]: the weights are for 3 input channels')
    expect(failure).not.toContain('batch')
  })

  test.each([
    ['bytes', Uint8Array.of(0, 200)],
    ['clamped bytes', Uint8ClampedArray.of(0, 200)],
    ['16-bit integers', Int16Array.of(0, 200)],
    ['64-bit integers', BigInt64Array.of(0n, 200n)],
    ['booleans', [false, true]],
  ])('%s are numbers', async (_, data) => {
    const relu = { param: '7767517\n2 2\nInput in0 0 1 in0\nReLU act 1 1 in0 out0\n', bin: new ArrayBuffer(0) }
    using model = await loadNcnn(relu, { engine })
    const { out0 } = await model.run({ in0: data })
    expect(out0).toEqual({ data: Float32Array.from(data, Number), shape: [2], dtype: 'float32' })
  })

  test('an image of a canvas is one of shape [height, width, 4]', async () => {
    const flat = { param: '7767517\n2 2\nInput in0 0 1 in0\nNoop act 1 1 in0 out0\n', bin: new ArrayBuffer(0) }
    using model = await loadNcnn(flat, { engine })
    const { out0 } = await model.run({ in0: { data: new Uint8ClampedArray(24), width: 3, height: 2 } })
    expect(out0.shape).toEqual([2, 3, 4])
  })
})

test('an image with its channels last', async () => {
  using model = await loadNcnn(network(''))
  await expect(model.run({ in0: zeros(8, 9, 3) })).rejects.toThrow(
    'If "in0", [8, 9, 3], has its channels last, transpose it: ncnn\'s images are [c, h, w], this one would be [3, 8, 9]',
  )
  await expect(model.run({ in0: zeros(4, 8, 8) })).rejects.toThrow(/the input has 4$/)
})

test.each([
  ['Softmax s 1 1 in0 out0 0=2 1=1', 'axis 2 does not exist in a blob of 2 axes. If the network'],
  ['Softmax s 1 1 in0 out0 0=3 1=1', /axis 3 does not exist in a blob of 2 axes$/],
  [
    'Einsum e 1 1 in0 out0 -23300=7,105,106,107,45,62,105,106',
    'If the network was converted with its batch axis, feed that',
  ],
])('a network that was converted with its batch axis: %s', async (layer, words) => {
  using model = await loadNcnn({ param: `7767517\n2 2\nInput in0 0 1 in0\n${layer}\n`, bin: new ArrayBuffer(0) })
  await expect(model.run({ in0: zeros(4, 5) })).rejects.toThrow(words)
})

test('inspect is told as well', async () => {
  await expect(inspectNcnn(network(''), { inputs: { in0: [1, 3, 8, 8] } })).rejects.toThrow(
    unbatched('[1, 3, 8, 8]', '[3, 8, 8]'),
  )
})

test("pnnx's own graph is none of ncnn's", async () => {
  const param = '7767517\n2 1\npnnx.Input pnnx_input_0 0 1 0 #0=(1,3,8,8)f32\npnnx.Output pnnx_output_0 1 0 0\n'
  await expect(loadNcnn({ param, bin: new Uint8Array(0) })).rejects.toThrow(
    "param is pnnx's own graph, which ncnn cannot read: take the .ncnn.param, which pnnx wrote beside it",
  )
})
