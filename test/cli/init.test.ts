// `init`: what it runs, measures, writes and leaves alone. Whether the test runners take what it writes: lifecycle/init.test.ts.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import { readTensors, writeTensor, writeTensors } from '../../src/files/index.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { image } from '../analysis/small-network.ts'
import { runProgram } from './run-program.ts'
import { type SmallModel, writeSmallModel } from './small-model.ts'

let model: SmallModel
beforeAll(async () => {
  model = await writeSmallModel()
})
afterAll(() => model.remove())

const before = process.cwd()
let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'expect-tensor-init-')))
  process.chdir(folder)
  for (const name of readdirSync(model.folder)) cpSync(join(model.folder, name), join(folder, name))
  give({ 'package.json': '{ "type": "module", "devDependencies": { "vitest": "^4", "expect-tensor": "*" } }' })
})
afterEach(() => {
  process.chdir(before)
  rmSync(folder, { recursive: true, force: true })
})

const give = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text)
}
const read = (path: string): string => readFileSync(join(folder, path), 'utf8')
const byRecording = ['init', 'right.param', '--reference', 'right.safetensors', '--input', 'in=in.npy'] as const

test('records what the reference made of the input, and holds the model to a multiple of the error seen', async () => {
  const { code, out, err } = await runProgram(...byRecording)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(
    /^right\.param against right\.safetensors \(wasm .*\), on 1 input\n\noutput +largest error +of its norm +margin +atol\nout /,
  )
  expect(out).toMatch(
    /wrote +right\.test\.js +1 assertion\nwrote +right\.reference\.safetensors .*\nwrote +vitest\.config\.js/,
  )
  expect(out).toMatch(/Run it: npx vitest run right\.test\.js$/)

  const recorded = await readTensors('right.reference.safetensors')
  const exact = await loadNcnn('right.param', { precision: 'float64' })
  expect(recorded['1/in']).toEqual(image())
  const { out: exactly } = await exact.run({ in: image() })
  expect(compareTensors(recorded['1/out'], exactly, { atol: 1e-9 }).pass).toBe(true)

  const [, seen, tolerance] = /largest error seen was (\S+); (\S+) is/.exec(read('right.test.js')) ?? []
  expect(Number(tolerance) / Number(seen)).toBeGreaterThanOrEqual(1.99)
  expect(read('right.test.js')).toContain(`{ atol: ${tolerance} }`)
  expect(read('.gitattributes')).toBe('*.safetensors binary\n')

  // what the test says to do when it fails
  const [, command = ''] = /^\/\/ When it fails: npx expect-tensor (.*)$/m.exec(read('right.test.js')) ?? []
  expect(command).toBe('diagnose right.param --reference right.safetensors --input in=right.reference.safetensors:1/in')
  expect(await runProgram(...command.split(' '))).toMatchObject({ code: 0, err: '' })
})

test('in a folder of the project the command to run goes to its root first', async () => {
  mkdirSync(join(folder, 'models'))
  process.chdir('models')
  const args = byRecording.map((arg) => (arg.includes('.') ? arg.replace(/[a-z]+\.[a-z]+$/, '../$&') : arg))
  const { code, out } = await runProgram(...args)
  expect(code).toBe(0)
  expect(out).toMatch(/Run it: cd \.\. && npx vitest run right\.test\.js$/)
})

test('a dry run says the same and writes nothing', async () => {
  const files = readdirSync(folder)
  const { code, out } = await runProgram(...byRecording, '--dry-run')
  expect(code).toBe(0)
  expect(out).toMatch(/would write +right\.test\.js/)
  expect(readdirSync(folder)).toEqual(files)
})

test('of inputs that nobody gave, five are drawn: the same for the same seed', async () => {
  const drawn = async (...args: string[]) => {
    const { code, out, err } = await runProgram('init', 'right.param', '--reference', 'right.param', ...args, '--json')
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('--input in=x.npy') })
    const recorded = await readTensors('right.reference.safetensors')
    for (const name of ['right.test.js', 'right.reference.safetensors']) rmSync(join(folder, name))
    return { result: JSON.parse(out), recorded }
  }
  const shape = '--shape=in=3,16,16'
  const [first, again, other] = [await drawn(shape), await drawn(shape), await drawn(shape, '--seed', '9')]
  expect(first.result).toMatchObject({
    agrees: true,
    inputs: 5,
    drawn: ['in'],
    outputs: [{ name: 'out', reference: 'out', seen: 0, relativeError: 0 }],
    testRunner: 'vitest',
  })
  // where no error is seen, some roundings of the largest number
  expect(first.result.outputs[0].atol).toBeGreaterThan(1e-8)
  expect(first.result.outputs[0].atol).toBeLessThan(1e-6)
  expect(Object.keys(first.recorded)).toHaveLength(10)
  expect(again.recorded).toEqual(first.recorded)
  expect(other.recorded['1/in']).not.toEqual(first.recorded['1/in'])
  expect(first.recorded['2/in']).not.toEqual(first.recorded['1/in'])
})

describe('tensors as the reference', () => {
  const outputFor = async (seed: number) => {
    const loaded = await loadNcnn('right.param')
    return (await loaded.run({ in: image(seed) })).out
  }

  test('with the input beside them', async () => {
    await writeTensors('data.npz', { in: image(), logits: await outputFor(7) })
    expect(await runProgram('init', 'right.param', '--reference', 'data.npz')).toMatchObject({ code: 0 })
    expect(read('right.test.js')).toContain('// Does right.param still compute what data.npz did?')
  })

  test('several, each with its input, chosen from files of several tensors', async () => {
    await writeTensors('x.safetensors', { a: image(1), b: image(2), c: image(3) })
    await writeTensors('y.npz', { a: await outputFor(1), b: await outputFor(2), c: await outputFor(3) })
    const args = ['a', 'b', 'c'].flatMap((name) => [
      '--input',
      `in=x.safetensors:${name}`,
      '--reference',
      `y.npz:${name}`,
    ])
    expect(await runProgram('init', 'right.param', ...args)).toMatchObject({ code: 0 })
    expect(read('right.test.js')).toContain('test.each([1, 2, 3])')
    const recorded = await readTensors('right.reference.safetensors')
    expect(recorded['2/in']).toEqual(image(2))
  })

  test('without an input', async () => {
    await writeTensor('out.npy', await outputFor(7))
    expect(await runProgram('init', 'right.param', '--reference', 'out.npy', '--shape=in=3,16,16')).toMatchObject({
      code: 2,
      err: expect.stringContaining('the reference is what came of certain inputs: give them as --input in=x.npy'),
    })
  })
})

test('an input with the batch axis of other frameworks is recorded without it', async () => {
  await writeTensor('batch.npy', { ...image(), shape: [1, 3, 16, 16] })
  await writeTensors('out.npz', { out: (await (await loadNcnn('right.param')).run({ in: image() })).out })
  const args = ['init', 'right.param', '--reference', 'out.npz', '--input', 'in=batch.npy']
  expect(await runProgram(...args)).toMatchObject({ code: 0 })
  expect((await readTensors('right.reference.safetensors'))['1/in']).toEqual(image())
})

test('a reference that is fed otherwise', async () => {
  await writeTensor('other.npy', { ...image(), shape: [16, 16, 3] })
  const args = ['init', 'right.param', '--reference', 'right.safetensors', '--input', 'in=other.npy']
  expect(await runProgram(...args)).toMatchObject({ code: 1, err: expect.stringContaining('[16, 16, 3]') })
  await writeTensor('other.npy', image(8))
  const fed = ['init', 'right.param', '--reference', 'right.param', '--input', 'in=in.npy']
  expect(await runProgram(...fed, '--reference-input', 'in=other.npy')).toMatchObject({
    code: 1,
    err: expect.stringContaining('The models do not agree'),
  })
  expect(await runProgram(...fed, '--reference-input', 'in=in.npy')).toMatchObject({ code: 0 })
})

test('models that do not agree get no test', async () => {
  const files = readdirSync(folder)
  const args = ['init', 'wrong.param', '--reference', 'right.safetensors', '--input', 'in=in.npy']
  const { code, out, err } = await runProgram(...args)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^out: differs from the reference's out by \d+% of its norm\n/)
  expect(err).toContain('npx expect-tensor diagnose wrong.param --reference right.safetensors --input in=x.npy')
  expect(JSON.parse((await runProgram(...args, '--json')).out)).toMatchObject({ agrees: false })
  expect(readdirSync(folder)).toEqual(files)
})

describe('what exists', () => {
  test.each(['right.test.js', 'right.reference.safetensors'])('%s is not overwritten', async (name) => {
    give({ [name]: 'mine' })
    expect(await runProgram(...byRecording)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${name} exists already`),
    })
    expect(read(name)).toBe('mine')
  })

  test('a configuration that cannot be edited surely is left, and said', async () => {
    const config = 'export default defineConfig(() => ({ test: {} }))'
    give({ 'vitest.config.js': config })
    const { code, out } = await runProgram(...byRecording)
    expect(code).toBe(0)
    expect(out).toMatch(/^BY HAND +vitest\.config\.js +add test\.setupFiles: \['expect-tensor\/vitest'\]$/m)
    expect(read('vitest.config.js')).toBe(config)
    expect(existsSync('right.test.js')).toBe(true)
  })

  test('what is there already is left', async () => {
    const files = {
      'vitest.config.js': `import expectTensor from 'expect-tensor/vitest-plugin'\nexport default { plugins: [expectTensor()] }`,
      '.gitattributes': '*.safetensors filter=lfs diff=lfs merge=lfs -text\n',
    }
    give(files)
    const { out } = await runProgram(...byRecording)
    expect(out).toMatch(/left +vitest\.config\.js +sets up the matchers already\nleft +\.gitattributes/)
    for (const [path, text] of Object.entries(files)) expect(read(path)).toBe(text)
  })

  test("Vite's configuration and a .gitattributes get a line each", async () => {
    give({
      'tsconfig.json': '{ "compilerOptions": { "types": ["vite/client"] } }',
      'vite.config.ts': `import { defineConfig } from 'vite'\nexport default defineConfig({ base: './' })\n`,
      '.gitattributes': '* text=auto',
    })
    mkdirSync('tests')
    expect(await runProgram(...byRecording)).toMatchObject({ code: 0 })
    expect(read('vite.config.ts')).toBe(
      `/// <reference types="vitest/config" />\nimport { defineConfig } from 'vite'\nexport default defineConfig({ test: { setupFiles: ['expect-tensor/vitest'] }, base: './' })\n`,
    )
    expect(read('tsconfig.json')).toBe('{ "compilerOptions": { "types": ["expect-tensor/vitest", "vite/client"] } }')
    expect(read('.gitattributes')).toBe('* text=auto\n*.safetensors binary\n')
    expect(read('tests/right.test.ts')).toContain("here('../right.param')")
  })
})

test('options of the model are those of the test, and its errors are allowed for twice', async () => {
  const { code, out } = await runProgram(...byRecording, '--ncnn', 'bf16Storage,numThreads=1', '--json')
  expect(code).toBe(0)
  expect(read('right.test.js')).toContain(
    "loadNcnn(here('right.param'), { ncnn: { useBf16Storage: true, numThreads: 1 } })",
  )
  const [{ seen, atol }] = JSON.parse(out).outputs
  expect(seen).toBeGreaterThan(1e-4)
  expect(atol / seen).toBeGreaterThanOrEqual(2)
  expect(atol / seen).toBeLessThan(2.2)
})

test('from a folder of the project, whose configuration chooses tests', async () => {
  give({ 'jest.config.js': "module.exports = { testMatch: ['<rootDir>/spec/*.js'] }" })
  give({ 'package.json': '{ "devDependencies": { "jest": "^30", "vitest": "^4" }, "scripts": { "test": "jest" } }' })
  mkdirSync('models')
  for (const name of ['right.param', 'right.bin']) renameSync(name, join('models', name))
  process.chdir('models')
  const { code, out, err } = await runProgram(
    'init',
    'right.param',
    ...byRecording.slice(2).map((arg) => arg.replace(/^(in=)?(?=right|in\.)/, '$1../')),
  )
  expect(code).toBe(0)
  expect(out).toMatch(/wrote +\.\.\/right\.test\.js/)
  expect(err).toContain('jest.config.js has testMatch: see that it takes in ../right.test.js')
  expect(err).toContain('npm install --save-dev expect-tensor')
  expect(read('right.test.js')).toContain("loadNcnn(here('models/right.param'))")
  expect(read('jest.config.js')).toContain("{ setupFilesAfterEnv: ['expect-tensor/jest'], testMatch")
})

describe('a project that no test can be written for', () => {
  test('without a test runner', async () => {
    give({ 'package.json': '{}' })
    expect(await runProgram(...byRecording)).toEqual({
      code: 1,
      out: '',
      err: `expect-tensor init: ${join(folder, 'package.json')} names no test runner: npm install --save-dev vitest, or jest`,
    })
  })

  test('with a package.json that is none', async () => {
    give({ 'package.json': '{' })
    expect(await runProgram(...byRecording)).toMatchObject({ code: 1, err: expect.stringContaining('package.json: ') })
  })
})

test.each([
  [['init'], /expected the path of one model/],
  [['init', 'right.param'], /--reference is missing/],
  [['init', 'right.param', '--reference', 'right.param'], /input in is missing, and the model does not say its shape/],
  [['init', 'right.param', '--reference', 'right.safetensors'], /give them as --input in=x\.npy/],
  [[...byRecording, '--reference', 'right.safetensors'], /several references must be files of tensors/],
  [[...byRecording, '--input', 'b=in.npy', '--input', 'b=in.npy'], /--input gives 2 tensors for b and 1 for another/],
  [
    [...byRecording, '--reference-input', 'in=in.npy', '--reference-input', 'in=in.npy'],
    /--input gives 1 set of tensors and --reference-input 2/,
  ],
  [
    [...byRecording, '--ncnn', 'fp16Sorage'],
    /--ncnn fp16Sorage: ncnn has no such switch \(did you mean 'fp16Storage'\?\)/,
  ],
])('%j is a wrong command line', async (args, message) => {
  const { code, err } = await runProgram(...args)
  expect(err).toMatch(message)
  expect(code).toBe(2)
})
