// The device worker for real: what every engine of the real ncnn must do, files that are kept, crashes, and memory that is not there.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { loadNcnn, type Model, type NcnnOptions, workerEngine } from '../../src/runners/ncnn/index.ts'
import { diamond, network, testRealEngine } from '../runners/ncnn/engines/real/model-suite.ts'

const { worker = '' } = inject('build')

const none = new Uint8Array(0)
const load = (command: readonly string[], ncnn: NcnnOptions = {}): Promise<Model> =>
  loadNcnn({ param: diamond, bin: none }, { engine: workerEngine({ command }), ncnn })
const out = async (model: Model, x: number[]): Promise<number[]> =>
  Array.from((await model.run({ x })).out.data, Number)

/** x -> y = weights * x */
const dense = network(['Input in 0 1 x', 'InnerProduct fc 1 1 x y 0=1000 1=0 2=1000000'])
const denseWeights = new Uint8Array(4 + 4e6)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe.skipIf(!worker)('the worker', () => {
  testRealEngine(() => workerEngine({ command: [worker] }))

  test('runs batches whole where ncnn knows them, and int8 as it is', async () => {
    const param = network(['Input in 0 1 x', 'Quantize q 1 1 x y 0=1', 'Split s 1 2 y y0 y1'])
    const bin = new Uint8Array(Float32Array.of(10).buffer)
    const x = { data: Float32Array.of(0.1, -0.2, 0.3, 20), shape: [2, 2], dtype: 'float32' } as const
    const model = await loadNcnn({ param, bin }, { engine: workerEngine({ command: [worker] }), batched: true })
    const { y0 } = await model.run({ x }, { outputs: ['y0'] })
    expect(y0).toEqual({ data: Int8Array.of(1, -2, 3, 127), shape: [2, 2], dtype: 'int8' })
  })

  test('names its ncnn, its processor and its cores', async () => {
    const { runtime } = await load([worker], { useFp16Storage: true })
    expect(runtime.name).toBe('worker')
    expect(runtime.version).toMatch(/^ncnn 1\.0\.20\d{6} \((x86_64|aarch64)( [a-z0-9_]+)*, \d+ cores?(, .+)?\)$/)
    expect(runtime.options).toEqual({ useFp16Storage: true })
  })

  test('refuses options that it cannot honour', async () => {
    const refused = (ncnn: NcnnOptions) => load([worker], ncnn).catch((error) => [error.code, error.message])
    expect(await refused({ useVulkanCompute: true })).toEqual([
      'unsupported',
      expect.stringMatching(/^useVulkanCompute: ncnn [\d.]+ of the worker was built without Vulkan$/),
    ])
    expect(await refused({ numThreads: 1e6 })).toEqual(['wrong-option', 'numThreads must be between 1 and 1024'])
    expect(await out(await load([worker], { numThreads: 2 }), [-2, 3])).toEqual([2, 0])
  })

  test('gets each file once where a folder keeps them, and again where one is damaged', async () => {
    const cache = join(folder, 'kept', 'here')
    const sent = async (name: string): Promise<number> => {
      const log = join(folder, name)
      const engine = workerEngine({ command: ['sh', '-c', `tee '${log}' | '${worker}'`], cache })
      const model = await loadNcnn({ param: dense, bin: denseWeights }, { engine })
      expect((await model.run({ x: new Float32Array(1000) })).y.shape).toEqual([1000])
      return statSync(log).size
    }
    expect(await sent('first')).toBeGreaterThan(4e6)
    expect(await sent('second')).toBeLessThan(1e5)
    for (const kept of readdirSync(cache)) writeFileSync(join(cache, kept), 'damaged')
    expect(await sent('third')).toBeGreaterThan(4e6)
    expect(
      readdirSync(cache)
        .map((kept) => statSync(join(cache, kept)).size)
        .sort((a, b) => a - b),
    ).toEqual([dense.length, denseWeights.length])
  })

  test('keeps files beside what a worker of the same number left, as containers have', async () => {
    const left = join(folder, createHash('sha256').update(diamond).digest('hex'))
    const script = `mkdir '${left}.'$$ '${left}.'$$-0; exec '${worker}'`
    const model = await loadNcnn(
      { param: diamond, bin: none },
      { engine: workerEngine({ command: ['sh', '-c', script], cache: folder }) },
    )
    expect(model.runtime.name).toBe('worker')
    expect(statSync(left).size).toBe(diamond.length)
  })

  test('says where it cannot keep files', async () => {
    writeFileSync(join(folder, 'file'), '')
    const engine = workerEngine({ command: [worker], cache: join(folder, 'file', 'cache') })
    await expect(loadNcnn({ param: diamond, bin: none }, { engine })).rejects.toMatchObject({
      code: 'unreadable',
      message: `cannot keep model files in the folder ${folder}/file/cache: Not a directory`,
    })
  })

  test('that crashes says in what, and the next run works', async () => {
    // The convolution's weight is for one channel, and behind a Reshape nobody looks how many there are.
    const param = network(['Input in 0 1 x', 'Reshape r 1 1 x a 0=1 1=1 2=-1', 'Convolution c 1 1 a y 0=1 1=1 6=1'])
    const engine = workerEngine({ command: [worker] })
    const model = await loadNcnn({ param, bin: new Uint8Array(8) }, { engine })
    const image = (channels: number) => {
      return { data: new Float32Array(channels), shape: [channels, 1, 1], dtype: 'float32' } as const
    }
    await expect(model.run({ x: image(4e6) })).rejects.toMatchObject({
      code: 'crashed',
      message: `the worker (${worker}) crashed with SIGSEGV while it ran param\n  ncnn crashed (SIGSEGV) while it computed blob "y"`,
    })
    expect((await model.run({ x: image(1) })).y.shape).toEqual([1, 1, 1])
  })

  test('says that a model is larger than the memory', async () => {
    const limited = ['sh', '-c', `ulimit -v 380000 && exec '${worker}'`]
    const count = 100_000_000
    const param = network(['Input in 0 1 x', `InnerProduct fc 1 1 x y 0=1000 1=0 2=${count}`])
    const engine = workerEngine({ command: limited })
    await expect(loadNcnn({ param, bin: new Uint8Array(4 + 4 * count) }, { engine })).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(
        /^it takes 381 MiB of memory, and this machine has \d+ MiB left\. Free some there, store the weights in 16 bits \(pnnx: fp16=1\), or divide the model$/,
      ),
    })
    expect(await out(await load(limited), [-2, 3])).toEqual([2, 0])
  })

  test('ends at a terminal, whose bytes are not those that were sent', async () => {
    const command = ['script', '-qec', worker, '/dev/null']
    await expect(load(command)).rejects.toThrow(
      'Its standard input has to be a pipe, not a terminal: adb shell -T, ssh -T',
    )
  })
})
