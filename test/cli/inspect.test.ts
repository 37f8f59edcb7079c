// `expect-tensor inspect`: what it prints, and which arguments it refuses.
import { describe, expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const model = 'examples/voiceprint/models/ecapa-fp16.ncnn.param'

async function run(...args: string[]): Promise<string> {
  const { code, out, err } = await runProgram('inspect', ...args)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return out
}

test('a model whose input shapes are given', async () => {
  const text = await run(model, '--input', 'in0=200,80')
  expect(text).toContain('inputs      in0 [200, 80]\noutputs     out0 [192]\n')
  expect(text).toMatch(/^layers {6}175: 37 Convolution1D, /m)
  expect(text).toMatch(/^parameters {2}462 064 \(fp16 97\.9 %, fp32 2\.1 %\)$/m)
  expect(text).toMatch(/^FLOPs {7}132 034 560$/m)
  // 128 filters of 80 channels and 5 taps, for 200 frames.
  expect(text).toMatch(/^Convolution1D +conv1drelu_0 +\[128, 200\] +51 328 +fp16 99\.8 %, fp32 0\.2 % +20 480 000$/m)
})

test('without shapes it says how to give them', async () => {
  const text = await run(model)
  expect(text).not.toMatch(/^FLOPs/m)
  expect(text.split('\n').at(-1)).toBe('Shapes and FLOPs: give the shape of every input as --input name=3,224,224')
})

test('--json', async () => {
  expect(JSON.parse(await run(model, '--json'))).toMatchObject({ parameters: 462064, outputs: [{ name: 'out0' }] })
})

describe('a tensor file', () => {
  const recording = 'examples/voiceprint/data/ecapa.torch.safetensors'

  test('is a table of its tensors, and what is written beside them', async () => {
    const text = await run(recording)
    expect(text).toMatch(/^name +dtype +shape +elements +memory$/m)
    expect(text).toMatch(/^out0 +float32 +\[1, 192\] +192 +768 B$/m)
    expect(text).toMatch(/^contents +recording$/m)
  })

  test('as JSON', async () => {
    const { tensors, metadata } = JSON.parse(await run(recording, '--json'))
    expect(tensors).toContainEqual({ name: 'out0', dtype: 'float32', shape: [1, 192], elements: 192, bytes: 768 })
    expect(metadata).toHaveProperty('engine', 'torch')
  })
})

describe('an ONNX model', () => {
  const onnx = 'examples/onnx-vs-ncnn/models/segment.onnx'

  test('is a table of its layers', async () => {
    const text = await run(onnx)
    expect(text).toMatch(/^inputs +\w+ float32 \[.*\]$/m)
    expect(text).toMatch(/^layers +\d+: .*\d+ Conv/m)
    expect(text).toMatch(/^type +name +inputs +outputs$/m)
  })

  test('as JSON', async () => {
    const { layers, layerCounts } = JSON.parse(await run(onnx, '--json'))
    expect(layerCounts.Conv).toBe(layers.filter(({ type }: { type: string }) => type === 'Conv').length)
  })
})

test('what is no such file says why', async () => {
  expect(await runProgram('inspect', 'package.json.npz')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no such file'),
  })
})

test.each([
  [[], /one \.param, \.onnx, \.npy, \.npz, \.safetensors file/],
  [[model, 'other.param'], /one \.param, \.onnx, \.npy, \.npz, \.safetensors file/],
  [[model, '--input', 'in0=200,x'], /expected a name and a shape, such as in0=3,224,224/],
  [[model, '--input', '200'], /expected a name and a shape/],
  [['a.onnx', '--input', 'in0=2'], /--bin and --input are for \.param files/],
  [['weights.pt'], /weights\.pt: expected a name that ends in \.param, \.onnx, \.npy/],
  [['a.npy', '--bin', 'a.bin'], /--bin and --input are for \.param files/],
])('%j', async (args, message) => {
  expect(await runProgram('inspect', ...args)).toEqual({ code: 2, out: '', err: expect.stringMatching(message) })
})
