// The real ncnn as its Python wheel: does the engine do what a Model must, and does the built-in engine agree with it?
import { describe, expect, inject, test } from 'vitest'
import { readTensors } from '../../src/files/index.ts'
import {
  type LoadNcnnOptions,
  loadNcnn,
  type NcnnEngine,
  type NcnnOptions,
  pythonEngine,
} from '../../src/runners/ncnn/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { diamond, testRealEngine } from '../runners/ncnn/engines/real/model-suite.ts'
import { describeWithPython } from './python.ts'

const example = (path: string): URL => new URL(`../../examples/voiceprint/${path}`, import.meta.url)
const wheel = () => pythonEngine({ python: inject('python').interpreter })

describeWithPython('a model in the ncnn wheel', ['ncnn', 'numpy'], () => {
  testRealEngine(wheel)

  test('refuses options that the wheel does not have', async () => {
    const engine = wheel()
    // As a wheel older than the option sees it.
    const ahead: NcnnEngine = {
      ...engine,
      load: (model, options) =>
        engine.load(model, { ...options, ncnn: { ...options.ncnn, useNothingOfTheKind: true } as NcnnOptions }),
    }
    const files = { param: diamond, bin: new Uint8Array(0) }
    await expect(loadNcnn(files, { engine: ahead })).rejects.toThrow(/has no option use_nothing_of_the_kind/)
  })
})

/** The greatest difference, relative to the greatest element. */
function drift(actual: Tensor, reference: Tensor): number {
  expect(actual.shape).toEqual(reference.shape)
  let [difference, scale] = [0, 0]
  for (let i = 0; i < reference.data.length; i++) {
    const expected = Number(reference.data[i])
    difference = Math.max(difference, Math.abs(Number(actual.data[i]) - expected))
    scale = Math.max(scale, Math.abs(expected))
  }
  return difference / scale
}

describeWithPython('a wheel without room for temporary files', ['ncnn', 'numpy'], () => {
  test.skipIf(process.platform === 'win32')('says so', async () => {
    const python = ['sh', '-c', 'ulimit -f 1; exec "$0" "$@"', inject('python').interpreter]
    const file = example('models/ecapa-fp32.ncnn.param')
    await expect(loadNcnn(file, { engine: pythonEngine({ python }) })).rejects.toMatchObject({
      code: 'unreadable',
      message: expect.stringMatching(
        /^cannot write \d+ bytes of the model to the folder .* where Python runs \(File too large\)/,
      ),
    })
  })
})

describeWithPython('the voiceprint networks', ['ncnn', 'numpy'], () => {
  const networks = [
    ['ecapa-fp32', 'ecapa', 'fbank/hugo-1'],
    ['ecapa-fp16', 'ecapa', 'fbank/hugo-1'],
    ['voice-encoder-fp16', 'voice-encoder', 'mel/hugo-1'],
  ] as const

  async function embed(name: string, data: string, input: string, options: LoadNcnnOptions, outputs?: 'all') {
    const tensors = await readTensors(example(`data/${data}.safetensors`))
    using model = await loadNcnn(example(`models/${name}.ncnn.param`), options)
    return model.run({ in0: tensors[input] }, { outputs })
  }

  test.each(networks)('%s: every blob is that of the built-in engine', async (name, data, input) => {
    const real = await embed(name, data, input, { engine: wheel() }, 'all')
    const builtIn = await embed(name, data, input, {}, 'all')
    expect(Object.keys(real)).toEqual(Object.keys(builtIn))
    for (const [blob, tensor] of Object.entries(real)) expect(drift(builtIn[blob], tensor), blob).toBeLessThan(1e-5)
  })

  test("ecapa-fp32 drifts with ncnn's default options, and not with its fp16 options off", async () => {
    const fast = { usePackingLayout: true, useSgemmConvolution: true, useWinogradConvolution: true }
    const fp16 = { useFp16Packed: true, useFp16Storage: true, useFp16Arithmetic: true }
    const { out0: reference } = await embed('ecapa-fp32', 'ecapa', 'fbank/hugo-1', {})
    const run = async (ncnn: NcnnOptions): Promise<number> =>
      drift((await embed('ecapa-fp32', 'ecapa', 'fbank/hugo-1', { engine: wheel(), ncnn })).out0, reference)
    expect(await run(fast)).toBeLessThan(1e-5)
    const drifted = await run({ ...fast, ...fp16 })
    expect(drifted).toBeGreaterThan(1e-5)
    expect(drifted).toBeLessThan(1e-2)
  })
})

describe('without the wheel', () => {
  const files = { param: diamond, bin: new Uint8Array(0) }
  test('says which interpreter it tried and what to install', async () => {
    await expect(loadNcnn(files, { engine: pythonEngine({ python: 'no-such-python' }) })).rejects.toThrow(
      /^loadNcnn: found no Python that has the ncnn wheel:\n {2}no-such-python: .* cannot be started: .*ENOENT\nInstall it with: python3 -m pip install ncnn/,
    )
  })

  test('says how a program ended that is no Python', async () => {
    await expect(loadNcnn(files, { engine: pythonEngine({ python: process.execPath }) })).rejects.toThrow(
      /the Python worker \(.*\) ended with exit code 1 while it started/,
    )
  })
})
