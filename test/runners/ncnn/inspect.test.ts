// inspectNcnn: parameters, formats, shapes and operations, checked by hand.
import { describe, expect, test } from 'vitest'
import { inspectNcnn } from '../../../src/runners/ncnn/inspect.ts'
import { readFixtures } from './fixtures.ts'

const bytes = (...parts: readonly (Uint32Array | Float32Array | Uint16Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...new Uint8Array(part.buffer)]))

/** A 3x3 convolution of 2 to 4 channels in fp16, a ReLU, and a fully connected layer of 16 to 5 in fp32. */
const network = {
  param: [
    '7767517',
    '4 4',
    'Input in0 0 1 in0',
    'Convolution conv 1 1 in0 a 0=4 1=3 3=2 4=1 5=1 6=72',
    'ReLU relu 1 1 a b',
    'InnerProduct fc 1 1 b out0 0=5 2=80',
  ].join('\n'),
  bin: bytes(
    Uint32Array.of(0x01306b47),
    new Uint16Array(72),
    new Float32Array(4),
    Uint32Array.of(0),
    new Float32Array(80),
  ),
}

test('parameters and their formats', async () => {
  const inspection = await inspectNcnn(network)
  expect(inspection.parameters).toBe(72 + 4 + 80)
  expect(inspection.storage).toEqual({ fp32: 84, fp16: 72, bf16: 0, int8: 0, lut8: 0 })
  expect(inspection.layers[1]).toMatchObject({
    type: 'Convolution',
    name: 'conv',
    parameters: 76,
    fileBytes: 4 + 144 + 16,
  })
  expect(inspection.layerCounts).toEqual({ Input: 1, Convolution: 1, ReLU: 1, InnerProduct: 1 })
  expect(inspection.fileBytes).toBe(network.bin.length)
  expect(inspection.weightBytes).toBe(4 * 156)
})

test('without shapes there are no FLOPs', async () => {
  const { flops, blobBytes, layers, outputs } = await inspectNcnn(network)
  expect([flops, blobBytes, layers[1].flops, layers[1].outputShapes]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(outputs).toEqual([{ name: 'out0', shape: undefined }])
})

test('shapes, operations and memory', async () => {
  const { flops, blobBytes, layers, outputs } = await inspectNcnn(network, { inputs: { in0: [2, 4, 4] } })
  expect(layers.map(({ outputShapes }) => outputShapes)).toEqual([[[2, 4, 4]], [[4, 2, 2]], [[4, 2, 2]], [[5]]])
  // 16 sums of 18 products each; 5 sums of 16 products each.
  expect(layers.map((layer) => layer.flops)).toEqual([undefined, 2 * 16 * 18, undefined, 2 * 5 * 16])
  expect(flops).toBe(2 * 16 * 18 + 2 * 5 * 16)
  expect(blobBytes).toBe(4 * (32 + 16 + 16 + 5))
  expect(outputs).toEqual([{ name: 'out0', shape: [5] }])
})

test('shapes that the model declares need not be given', async () => {
  const param = network.param.replace('0 1 in0', '0 1 in0 0=4 1=4 2=2')
  expect((await inspectNcnn({ ...network, param })).flops).toBe(736)
})

test('shapes that no memory holds', async () => {
  await expect(inspectNcnn(network, { inputs: { in0: [99999999, 99999999] } })).rejects.toThrow(
    /^input "in0" of shape \[99999999, 99999999\] takes .* GiB; the built-in engine has 4.0 GiB$/,
  )
})

test('inputs that the model does not have', async () => {
  await expect(inspectNcnn(network, { inputs: { x: [1] } })).rejects.toThrow(
    'param has no input "x"; its inputs are "in0"',
  )
})

/** Multiply-adds of fixtures, worked out from their parameters. */
test.each([
  ['MatMul-1', 4 * 5 * 6],
  ['MatMul-2', 3 * 4 * 5 * 6],
  ['Gemm-1', 4 * 5 * 6],
  ['Gemm-2', 4 * 5 * 6],
  ['Gemm-3', 4 * 5 * 6],
  // [5, 9, 11] from 3 channels of 4 x 5: each input element goes to 5 channels of 3 x 3.
  ['Deconvolution-1', 3 * 4 * 5 * 5 * 9],
  ['DeconvolutionDepthWise-1', 6 * 4 * 5 * 9],
  ['ConvolutionDepthWise-1', 6 * 7 * 8 * 9],
  ['LSTM-1', 6 * (80 + 100)],
  ['GRU-1', 6 * (60 + 75)],
  ['RNN-1', 6 * (20 + 25)],
  ['SDPA-1', 4 * 5 * 6 * (8 + 7)],
  ['MultiHeadAttention-1', 4 * 64 * 5 + 2 * 5 * 5 * 8],
])('%s takes %i multiplications and additions', async (name, products) => {
  const fixture = readFixtures().fixtures.find((candidate) => candidate.name === name)
  if (fixture === undefined) throw new Error(`no fixture ${name}`)
  const inputs = Object.fromEntries(Object.entries(fixture.inputs).map(([input, { shape }]) => [input, shape]))
  const { flops } = await inspectNcnn(fixture, { inputs })
  expect(flops).toBe(2 * products)
})

describe('what no engine runs is listed as far as it goes', () => {
  const inspect = (layers: readonly string[], bin = new Uint8Array(0)) =>
    inspectNcnn({ param: ['7767517', `${layers.length} 99`, ...layers].join('\n'), bin })

  test('unknown layers, with what to do about them', async () => {
    const { layers, notes } = await inspect(['Input in 0 1 x 0=4', 'Tensor.expand_as e 1 1 x a', 'ReLU r 1 1 a y'])
    expect(layers.map(({ type }) => type)).toEqual(['Input', 'Tensor.expand_as', 'ReLU'])
    expect(notes).toEqual([expect.stringMatching(/Tensor\.expand_as: "e" \(line 4\)[\s\S]*Write instead: x\.repeat/)])
  })

  test('weights behind those of unknown layers', async () => {
    const layers = ['Input in 0 1 x', 'my.Thing t 1 1 x a', 'InnerProduct f 1 1 a y 0=1 2=4']
    const { layers: found, notes } = await inspect(layers, new Uint8Array(100))
    expect(found[2].parameters).toBe(0)
    expect(notes[1]).toMatch(
      /^the weights are not listed, for those of unknown layers are among them: bin has 100 bytes/,
    )
  })

  test('shapes that an Input layer declares and the model cannot have', async () => {
    const layers = ['Input in 0 1 x 0=3 1=8 2=8', 'Convolution c 1 1 x y 0=1 1=1 6=3']
    const { layers: found, notes } = await inspect(layers, new Uint8Array(16))
    expect(found[1].parameters).toBe(3)
    expect(found[1].outputShapes).toBeUndefined()
    expect(notes).toEqual([
      expect.stringMatching(/does not run on the shapes that its Input layers declare, x \[8, 8, 3\]/),
    ])
  })
})
