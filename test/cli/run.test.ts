// `run` and `record`, which feed a model alike.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTensor, readTensors, writeTensors } from '../../src/files/index.ts'
import { runProgram } from './run-program.ts'
import { type SmallModel, writeSmallModel } from './small-model.ts'

let files: SmallModel
beforeAll(async () => {
  files = await writeSmallModel()
})
afterAll(() => files.remove())

test('run prints what comes out and writes it', async () => {
  const path = join(files.folder, 'out.npz')
  const { code, out } = await runProgram('run', files.right, '--input', files.input, '--output', path)
  expect(code).toBe(0)
  expect(out).toMatch(/^output +least +greatest +mean\n\w+ +float32 \[/)
  const written = await readTensors(path)
  const { out: json } = await runProgram('run', files.right, '--input', files.input, '--json')
  expect(JSON.parse(json)).toMatchObject({
    runtime: { name: 'wasm' },
    drawn: [],
    outputs: Object.entries(written).map(([name, { shape }]) => ({ name, shape })),
  })
})

test('random inputs are the same for the same seed, and others for another', async () => {
  const shape = '--shape=in=3,16,16'
  const [first, again, other] = [
    await runProgram('run', files.right, shape),
    await runProgram('run', files.right, shape),
    await runProgram('run', files.right, shape, '--seed', '1'),
  ]
  expect(first.err).toBe('Random inputs: in')
  expect(again.out).toBe(first.out)
  expect(other.out).not.toBe(first.out)
})

test("ncnn's switches are spelt as they are called, with or without `use`, on top of a set of options", async () => {
  const outputWith = async (...args: string[]) => {
    const { code, out } = await runProgram(
      'run',
      files.right,
      '--input',
      files.input,
      '--outputs',
      'all',
      '--json',
      ...args,
    )
    expect(code).toBe(0)
    const { runtime, outputs } = JSON.parse(out)
    return { options: runtime.options, outputs }
  }
  const [plain, fp16] = [await outputWith(), await outputWith('--ncnn', 'fp16Storage')]
  expect(fp16.options).toMatchObject({ useFp16Storage: true })
  expect(fp16.outputs).not.toEqual(plain.outputs)
  expect(fp16.outputs.length).toBeGreaterThan(10)
  expect(await outputWith('--ncnn', 'useFp16Storage,numThreads=1')).toEqual({
    options: { ...fp16.options, numThreads: 1 },
    outputs: fp16.outputs,
  })
  const { options } = await outputWith(
    '--options',
    'default',
    '--ncnn',
    'fp16Storage=false',
    '--ncnn',
    'fp16Arithmetic=false',
  )
  expect(options).not.toHaveProperty('useFp16Storage', true)
  expect(options).toHaveProperty('useWinogradConvolution', true)
})

test('an input is one of the tensors of a file', async () => {
  const path = join(files.folder, 'many.npz')
  await writeTensors(path, { other: [1], image: await readTensor(join(files.folder, 'in.npy')) })
  const [one, same] = [
    await runProgram('run', files.right, '--input', `in=${path}:image`),
    await runProgram('run', files.right, '--input', files.input),
  ]
  expect(one).toEqual(same)
})

test('record stores all blobs, which the commands take in place of a model', async () => {
  const path = join(files.folder, 'new.safetensors')
  expect(await runProgram('record', files.right, '--input', files.input, '--output', path)).toMatchObject({
    code: 0,
    out: `Recorded ${path}`,
  })
  const { code } = await runProgram('diagnose', files.right, '--reference', path, '--input', files.input)
  expect(code).toBe(0)
})

test.each([
  [['run'], /expected the path of one model/],
  [['run', 'RIGHT', '--seed', 'x', '--input', 'INPUT'], /--seed x: expected an integer/],
  [
    ['run', 'RIGHT', '--input', 'INPUT', '--ncnn', 'fp16Sorage'],
    /ncnn has no such switch \(did you mean 'fp16Storage'\?\)/,
  ],
  [['run', 'RIGHT', '--input', 'INPUT', '--ncnn', 'numThreads=two'], /--ncnn numThreads=two: expected numThreads=2/],
  [['run', 'RIGHT', '--input', 'INPUT', '--ncnn', 'fp16Storage=2'], /expected fp16Storage, or fp16Storage=false/],
  [['run', 'RIGHT', '--shape', 'in=0'], /--shape in=0: expected a name and a shape/],
  [['record', 'RIGHT', '--input', 'INPUT'], /--output is missing: a path that ends in \.safetensors/],
  [['run', 'a.onnx', '--ncnn', 'fp16Storage'], /--ncnn is for ncnn models \(\.param\): a\.onnx is none/],
  [
    ['diagnose', 'a.onnx', '--reference', 'RIGHT', '--input', 'INPUT', '--options', 'default'],
    /--options is for ncnn models/,
  ],
  [
    ['diagnose', 'a.onnx', '--reference', 'b.pt', '--input', 'INPUT', '--engine', 'python'],
    /--engine is for ncnn models \(\.param\): a\.onnx and b\.pt are none/,
  ],
  [['init', 'a.onnx', '--reference', 'b.npz', '--engine', 'python'], /--engine is for ncnn models/],
  [['run', 'RIGHT', '--input', 'INPUT', '--ncnn', 'fp16Storage=false=x'], /expected fp16Storage, or fp16Storage=false/],
  [['run', 'RIGHT', '--input', 'INPUT', '--input', 'INPUT'], /--input in: it is given twice/],
  [['run', 'RIGHT', '--input', 'INPUT', '--shape', 'in=3,16,16'], /--shape in: its tensor is given by --input/],
  [
    ['record', 'RIGHT', '--input', 'INPUT', '--output', 'a.npz'],
    /--output a\.npz: a path that ends in \.safetensors is expected/,
  ],
])('%j is a wrong command line', async (args, message) => {
  const { code, err } = await runProgram(...args.map((arg) => ({ RIGHT: files.right, INPUT: files.input })[arg] ?? arg))
  expect(err).toMatch(message)
  expect(code).toBe(2)
})

test.each(['--input', '--shape'])(
  'a misspelt name in %s is named before an input that it leaves missing',
  async (option) => {
    const value = option === '--input' ? files.input.replace(/^in=/, 'inn=') : 'inn=3,16,16'
    const { code, err } = await runProgram('run', files.right, option, value)
    expect(code).toBe(2)
    expect(err).toContain(
      `${option} inn: the model has no such ${option === '--shape' ? 'input' : 'tensor'}; its inputs are "in"`,
    )
  },
)
