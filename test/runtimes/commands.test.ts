// `run`, `record` and `init` take every kind of model, by the name of its file.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readTensors, writeTensor } from '../../src/files/index.ts'
import { tensor } from '../../src/index.ts'
import { runProgram } from '../cli/run-program.ts'
import { chain as litertChain, litertModel } from '../runners/litert/litert-model.ts'
import { network } from '../runners/ncnn/engines/real/model-suite.ts'
import { chain, onnxModel } from '../runners/onnx/onnx-model.ts'
import { graphModel, writeModel } from '../runners/tfjs/model-files.ts'
import { hasPackages, pythonWith } from './present.ts'

/** Where `npm install` puts them, the parts of TensorFlow.js come as one package. */
const hasTfjs = (() => {
  try {
    return createRequire(import.meta.url).resolve('@tensorflow/tfjs') !== ''
  } catch {
    return false
  }
})()

const torchPython = pythonWith('torch')
const litertPython = pythonWith('ai_edge_litert')

interface Kind {
  readonly name: string
  readonly isPresent: boolean
  /** Writes the model into the working directory and returns its path. */
  readonly write: () => string | Promise<string>
  readonly input: string
  readonly output: string
  readonly fed: readonly (readonly number[])[]
  readonly expected: readonly number[]
  /** What the test that `init` writes loads it with. */
  readonly loading: string
  readonly python?: string
}

const written = (path: string, contents: string | Uint8Array): string => {
  writeFileSync(path, contents)
  return path
}

// y = |relu(x) + [1, -2, 3]|
const sums = { input: 'x', output: 'y', fed: [[-1, 2, -3]], expected: [1, 0, 3] }

const kinds: readonly Kind[] = [
  {
    ...sums,
    name: '.param',
    isPresent: true,
    write() {
      writeFileSync('chain.bin', Float32Array.of(1, -2, 3))
      const layers = [
        'Input in 0 1 x',
        'ReLU relu 1 1 x relu',
        'MemoryData bias 0 1 bias 0=3 1=1',
        'BinaryOp add 2 1 relu bias sum 0=0',
        'AbsVal abs 1 1 sum y',
      ]
      return written('chain.param', network(layers))
    },
    loading: "loadNcnn(here('chain.param'))",
  },
  {
    ...sums,
    name: '.onnx',
    isPresent: hasPackages('onnxruntime-web') || hasPackages('onnxruntime-node'),
    write: () => written('chain.onnx', onnxModel(chain)),
    loading: "loadOnnx(here('chain.onnx'))",
  },
  {
    ...sums,
    name: '.tflite',
    isPresent: hasPackages('@litertjs/core') || litertPython !== undefined,
    write: () => written('chain.tflite', litertModel(litertChain)),
    loading: "loadLitert(here('chain.tflite'))",
    python: litertPython,
  },
  {
    name: 'model.json (tfjs)',
    isPresent: hasTfjs,
    write: () => writeModel('.', graphModel.fields, graphModel.weights),
    input: 'x',
    output: 'y',
    fed: [[5, 1]],
    expected: [28],
    loading: 'loadTfjs(tf, here(',
  },
  ...['chain.pt', 'chain_pnnx.py'].map((path) => ({
    ...sums,
    name: path,
    isPresent: torchPython !== undefined,
    write() {
      const script = fileURLToPath(new URL('torch_models.py', import.meta.url))
      execFileSync(torchPython ?? '', [script, '.'], { stdio: ['ignore', 'pipe', 'ignore'] })
      return path
    },
    input: path.endsWith('.py') ? 'in0' : 'x',
    output: 'out0',
    loading: `loadTorch(here('${path}'))`,
    python: torchPython,
  })),
]

const before = process.cwd()
let folder: string
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'expect-tensor-commands-')))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(kinds)('$name', ({ isPresent, write, input, output, fed, expected, loading, python }) => {
  test.skipIf(!isPresent)('run, record, init', async () => {
    // TensorFlow.js recommends tfjs-node
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    vi.stubEnv('EXPECT_TENSOR_PYTHON', python)
    process.chdir(folder)
    try {
      const path = await write()
      await writeTensor('fed.npy', tensor(fed, undefined, 'float32'))
      const given = ['--input', `${input}=fed.npy`]

      expect(await runProgram('run', path, ...given, '--output', 'out.npz')).toMatchObject({ code: 0 })
      expect(Array.from((await readTensors('out.npz'))[output].data, Number)).toEqual(expected)
      const all = await runProgram('run', path, ...given, '--outputs', 'all', '--json')
      expect(JSON.parse(all.out).outputs.length).toBeGreaterThan(2)
      const columns = fed[0].length
      const drawn = await runProgram('run', path, '--shape', `${input}=1,${columns}`, '--seed', '3', '--json')
      expect(JSON.parse(drawn.out)).toMatchObject({ drawn: [input], outputs: [{ name: output }] })

      const record = await runProgram('record', path, ...given, '--output', 'recording.safetensors')
      expect(record).toMatchObject({ code: 0 })
      expect(await runProgram('run', 'recording.safetensors', ...given)).toMatchObject({ code: 0 })

      writeFileSync('package.json', '{ "type": "module", "devDependencies": { "vitest": "^4", "expect-tensor": "*" } }')
      for (const reference of ['recording.safetensors', 'out.npz', path]) {
        const made = JSON.parse((await runProgram('init', path, '--reference', reference, ...given, '--json')).out)
        expect(made).toMatchObject({ agrees: true, outputs: [{ name: output, seen: 0 }] })
        const [test, recorded] = made.files.map((file: { path: string }) => file.path)
        expect(readFileSync(test, 'utf8')).toContain(loading)
        expect(Array.from((await readTensors(recorded))[`1/${output}`].data, Number)).toEqual(expected)
        for (const file of [test, recorded]) rmSync(file)
      }
      expect(existsSync('vitest.config.js')).toBe(true)
    } finally {
      process.chdir(before)
      vi.unstubAllEnvs()
    }
  })
})
