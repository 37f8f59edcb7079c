import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTensor } from '../../src/files/index.ts'
import { image } from '../analysis/small-network.ts'
import { runProgram } from './run-program.ts'
import { type SmallModel, writeSmallModel } from './small-model.ts'

let files: SmallModel
beforeAll(async () => {
  files = await writeSmallModel()
})
afterAll(() => files.remove())

const run = (model: string, ...args: string[]) =>
  runProgram('diagnose', model, '--reference', files.recording, '--input', files.input, ...args)

test('says that outputs are within tolerance, and exits with 0', async () => {
  const { code, out, err } = await run(files.right, '--atol', '1e-5')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^No single layer is to blame: the error grows evenly \(float32\)/)
  const same = await runProgram('diagnose', files.right, '--reference', files.right, '--input', files.input)
  expect(same).toMatchObject({ code: 0, out: expect.stringMatching(/^Both models give the same outputs/) })
})

test('names the layer at which models part, and exits with 1', async () => {
  const { code, out } = await run(files.wrong, '--atol', '1e-5')
  expect(code).toBe(1)
  expect(out).toMatch(/^The models part at layer "avg" \(Pooling\): parameter\n/)
  expect(out).toMatch(/Repair, verified by a run: avg agrees when/)
})

test('takes a culprit for agreement when the tolerance allows it', async () => {
  expect(await run(files.wrong, '--atol', '10')).toMatchObject({ code: 0 })
  expect(await run(files.wrong, '--atol', '1e-5', '--normalize', 'max')).toMatchObject({ code: 1 })
})

test('under --json prints the diagnosis', async () => {
  const { code, out } = await run(files.wrong, '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'layers',
    culprits: [{ layer: 'avg', type: 'Pooling', blob: 'p1', cause: 'parameter' }],
    cause: 'parameter',
    repair: { settings: { layers: { avg: {} } } },
    outputs: [{ name: 'out', reference: 'out', comparison: { pass: false } }],
  })
})

test('says that inputs differ, and exits with 1', async () => {
  const scaled = join(files.folder, 'scaled.npy')
  const { data, ...tensor } = image()
  await writeTensor(scaled, { ...tensor, data: Float32Array.from(data as Float32Array, (x) => x / 2) })
  const { code, out } = await runProgram(
    ...['diagnose', files.right, '--reference', files.recording],
    ...['--input', `in=${scaled}`, '--reference-input', files.input],
  )
  expect(code).toBe(1)
  expect(out).toMatch(/^The models were not fed the same\n/)
  expect(out).toMatch(/0.5 times the reference/)
})

test("runs the model under ncnn's options by name", async () => {
  const { out } = await run(files.right, '--options', 'bf16-storage')
  expect(out).toMatch(/bf16-storage/)
})

describe('refuses, with exit code 2', () => {
  test.each([
    [[], /expected the path of one model \(\.param, /],
    [['a.param'], /--reference is missing/],
    [['a.param', '--reference', 'b.param'], /--input is missing/],
    [['a.param', '--reference', 'b.param', '--input', 'x.npy'], /--input x.npy: expected a name and a tensor file/],
    [['a.param', '--reference', 'b.param', '--atol', 'small'], /--input is missing/],
  ])('%j', async (args, message) => {
    expect(await runProgram('diagnose', ...args)).toEqual({ code: 2, out: '', err: expect.stringMatching(message) })
  })

  test.each([
    [['--atol', 'small'], /--atol small: expected a number such as 1e-3/],
    [['--atol=-1'], /atol/],
    [['--normalize', 'l3'], /normalize/],
    [['--options', 'fast'], /--options fast: expected one of reference, default/],
    [['--engine', 'turbo'], /--engine turbo: expected one of wasm, python, native/],
  ])('%j', async (args, message) => {
    expect(await run(files.right, ...args)).toEqual({ code: 2, out: '', err: expect.stringMatching(message) })
  })

  test.each(['out.npz', 'out.npy'])('tensors, %s, in place of the reference', async (file) => {
    const args = [files.right, '--reference', file, '--input', files.input]
    const { code, err } = await runProgram('diagnose', ...args)
    expect([code, err]).toEqual([2, expect.stringContaining(`${file} holds tensors and is no model`)])
  })

  test('a file that is no model', async () => {
    const { code, err } = await run('model.pb')
    expect([code, err]).toEqual([1, expect.stringMatching(/model.pb: expected a model file, whose name ends in/)])
  })
})
