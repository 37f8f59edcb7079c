// Pointers, gaps, growth and order, against a stand-in over a real WebAssembly memory; a real module where NCNN_WASM_MODULE names one.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import '../../../../../src/vitest.ts'
import {
  type EmscriptenFactory,
  emscriptenEngine,
  type LoadNcnnOptions,
  loadNcnn,
} from '../../../../../src/runners/ncnn/index.ts'
import { diamond, network, testRealEngine } from '../real/model-suite.ts'
import { fakeNcnn } from './fake-ncnn.ts'

const path = process.env.NCNN_WASM_MODULE

describe.skipIf(!path)(`a real module${path ? '' : ' [skipped: NCNN_WASM_MODULE names no module]'}`, () => {
  const engine = emscriptenEngine(async (options) => {
    const name = path as string
    const loaded = name.endsWith('.mjs')
      ? (await import(pathToFileURL(name).href)).default
      : createRequire(import.meta.url)(name)
    const wasm = name.replace(/\.[^.]*$/, '.wasm')
    const wasmBinary = existsSync(wasm) ? readFileSync(wasm) : undefined
    return (loaded as EmscriptenFactory)({ ...options, ...(wasmBinary && { wasmBinary }) })
  })
  testRealEngine(() => engine)
})

const load = (engine: ReturnType<typeof emscriptenEngine>, param = diamond, options: LoadNcnnOptions = {}) =>
  loadNcnn({ param, bin: new Uint8Array(0) }, { engine, ...options })
const floats = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i - length / 2)

describe('with a stand-in for the module', () => {
  test.each([[[5]], [[3, 5]], [[2, 3, 5]], [[3, 2, 3, 5]], [[8]], [[400, 7, 7]]])(
    'shape %j: every blob is that of the built-in engine',
    async (shape) => {
      const { module } = fakeNcnn()
      const x = { data: floats(shape.reduce((a, b) => a * b)), shape, dtype: 'float32' } as const
      const real = await (await load(emscriptenEngine(module))).run({ x }, { outputs: 'all' })
      const builtIn = await loadNcnn({ param: diamond, bin: new Uint8Array(0) })
      expect(real).toMatchTensors(await builtIn.run({ x }, { outputs: 'all' }), { preset: 'exact' })
    },
  )

  test.each([
    ['as one', true],
    ['sample by sample, where the build knows no batches', false],
  ])('a batch is run %s', async (_, batches) => {
    for (const shape of [[5], [3, 5], [2, 3, 5], [3, 2, 3, 5], [8]]) {
      const { module, live } = fakeNcnn(undefined, batches)
      const x = { data: floats(3 * shape.reduce((a, b) => a * b)), shape: [3, ...shape], dtype: 'float32' } as const
      const model = await load(emscriptenEngine(module), diamond, { batched: true })
      const before = live()
      const real = await model.run({ x }, { outputs: 'all' })
      expect(live()).toBe(before)
      const builtIn = await loadNcnn({ param: diamond, bin: new Uint8Array(0) }, { batched: true })
      expect(real).toMatchTensors(await builtIn.run({ x }, { outputs: 'all' }), { preset: 'exact' })
    }
  })

  test('blobs come in the order in which they were asked for, though they are computed in theirs', async () => {
    const model = await load(emscriptenEngine(fakeNcnn().module))
    const results = await model.run({ x: [-2, 3] }, { outputs: ['out', 'c', 'a'] })
    expect(Object.entries(results).map(([name, { data }]) => [name, ...data])).toEqual([
      ['out', 2, 0],
      ['c', 1, 3],
      ['a', -1, 3],
    ])
  })

  test('a blob that was fed stays as it was fed when its layer runs for another output', async () => {
    const model = await load(emscriptenEngine(fakeNcnn().module))
    const { out } = await model.run({ a0: [10, 20], x: [-2, 3] })
    expect([...out.data]).toEqual([-9, -17])
  })

  test('everything that was allocated is freed', async () => {
    const { module, live } = fakeNcnn()
    const before = live()
    const model = await load(emscriptenEngine(module))
    await model.run({ x: floats(8) }, { outputs: 'all' })
    model.close()
    await expect(load(emscriptenEngine(module), network(['Input in 0 1 x', 'Foo f 1 1 x y']))).rejects.toThrow()
    expect(live()).toBe(before)
  })

  test('options go in by their names, the reference setting where there is none', async () => {
    const { module, options } = fakeNcnn()
    await load(emscriptenEngine(module), diamond, { ncnn: { useBf16Storage: true, numThreads: 2 } })
    expect(options).toEqual({ num_threads: 2, use_packing_layout: 0, use_fp16_storage: 0, use_bf16_storage: 1 })
  })

  test('options that the build cannot set are refused unless they are as ncnn has them', async () => {
    const { module } = fakeNcnn()
    const vulkan = load(emscriptenEngine(module), diamond, { ncnn: { useVulkanCompute: true } })
    await expect(vulkan).rejects.toThrow('this build of ncnn has no Vulkan')
    const ncnn = { useInt8Inference: false }
    await expect(load(emscriptenEngine(module), diamond, { ncnn })).rejects.toThrow(
      'this ncnn (1.0.fake) cannot set the option use_int8_inference through its C API, so it is on; ncnn 20260113 or newer can',
    )
    await load(emscriptenEngine(module), diamond, { ncnn: { useInt8Inference: true, lightmode: false } })
    delete module._ncnn_option_set_use_fp16_storage
    await expect(load(emscriptenEngine(module))).rejects.toThrow(
      'use_fp16_storage through its C API, which the reference setting needs; take ncnn 20260113 or newer, or accept ' +
        "ncnn's own default with ncnn: { useFp16Storage: true }",
    )
    await load(emscriptenEngine(module), diamond, { ncnn: { useFp16Storage: true } })
  })
})

describe('a factory', () => {
  test('makes one instance, whose words are quoted', async () => {
    let calls = 0
    const engine = emscriptenEngine(async ({ printErr }) => {
      calls++
      return fakeNcnn(printErr).module
    })
    await load(engine)
    await expect(load(engine, network(['Input in 0 1 x', 'Foo f 1 1 x y']))).rejects.toThrow(
      'ncnn cannot load the .param (return code -1)\n  layer Foo not exists or registered\n',
    )
    expect(calls).toBe(1)
  })

  test('leaves no listeners on the process', async () => {
    const before = process.listeners('unhandledRejection')
    await load(
      emscriptenEngine(async () => {
        process.on('uncaughtException', (error) => {
          throw error
        })
        await Promise.resolve()
        process.on('unhandledRejection', (reason) => {
          throw reason
        })
        return fakeNcnn().module
      }),
    )
    expect(process.listeners('unhandledRejection')).toEqual(before)
    expect(process.listeners('uncaughtException').some((listener) => String(listener).includes('throw error'))).toBe(
      false,
    )
  })

  test('that fails says so in one line', async () => {
    const engine = emscriptenEngine(() => {
      throw new Error(`abort(both async and sync fetching of the wasm failed)\nvar Module=${'x'.repeat(100_000)}`)
    })
    await expect(load(engine)).rejects.toThrow(
      /^emscriptenEngine: the module cannot be instantiated: abort\(both async and sync fetching of the wasm failed\)\. Hand its \.wasm over: .*$/,
    )
  })
})

describe('a module that cannot serve', () => {
  test.each([
    ['_malloc', 'the module lacks _malloc or _free. Link with'],
    ['HEAPU8', 'the module does not show its memory. Link with'],
    [
      '_ncnn_mat_get_d',
      "the module's ncnn is version 1.0.fake and lacks _ncnn_mat_get_d. Needed is ncnn 20211208 or newer",
    ],
  ])('without %s', async (name, message) => {
    const { module } = fakeNcnn()
    const { [name]: _, ...rest } = Object.getOwnPropertyDescriptors(module)
    const lacking = Object.defineProperties({}, rest)
    await expect(load(emscriptenEngine(lacking))).rejects.toThrow(message)
  })

  test('a crash names the function', async () => {
    const { module } = fakeNcnn()
    const model = await load(emscriptenEngine({ ...module, _ncnn_extractor_extract: () => JSON.parse('{') } as never))
    await expect(model.run({ x: [1] })).rejects.toThrow('ncnn crashed in ncnn_extractor_extract: ')
  })
})
