// `run` and `record`, which feed a model alike.
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTensors } from '../../src/files/index.ts'
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
  [['run', 'RIGHT', '--shape', 'in=0'], /--shape in=0: expected a name and a shape/],
  [['record', 'RIGHT', '--input', 'INPUT'], /--output is missing: a path that ends in \.safetensors/],
])('%j is a wrong command line', async (args, message) => {
  const { code, err } = await runProgram(...args.map((arg) => ({ RIGHT: files.right, INPUT: files.input })[arg] ?? arg))
  expect(err).toMatch(message)
  expect(code).toBe(2)
})
