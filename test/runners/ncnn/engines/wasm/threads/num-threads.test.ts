// numThreads: the same bits, threads that end, and errors that say what to do.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { loadNcnn } from '../../../../../../src/runners/ncnn/index.ts'
import { cases } from '../../../../../bits/cases.ts'
import { hashOf } from '../../../../../bits/compute.ts'
import expected from '../../../../../bits/expected.json' with { type: 'json' }
import { bundleProgram } from '../../../../../bundle-program.ts'

afterEach(() => vi.restoreAllMocks())

const [{ run }] = cases
const actual: (name: string) => object = process.getBuiltinModule.bind(process)

describe('numThreads', () => {
  // How calls are divided among any number of threads is what parallel-kernels.test.ts tries; here each network has some.
  test.each(cases)('gives the bits of one thread: $name', async ({ name, run }) => {
    expect(hashOf(await run(loadNcnn, { ncnn: { numThreads: 2 } }))).toBe((expected as Record<string, string>)[name])
  })

  test('models with different numbers of threads run side by side', async () => {
    const outputs = await Promise.all([1, 2, 3, 1].map((numThreads) => run(loadNcnn, { ncnn: { numThreads } })))
    expect(new Set(outputs.map(hashOf)).size).toBe(1)
  })

  test('closing the model ends its threads', async () => {
    const terminate = vi.spyOn(Worker.prototype, 'terminate')
    const param = '7767517\n2 2\nInput in 0 1 x\nReLU relu 1 1 x y'
    const model = await loadNcnn({ param, bin: new Uint8Array() }, { ncnn: { numThreads: 3 } })
    expect(terminate).not.toHaveBeenCalled()
    model.close()
    expect(await Promise.all(terminate.mock.results.map(({ value }) => value))).toEqual([1, 1])
    model.close()
    expect(terminate).toHaveBeenCalledTimes(2)
  })

  test('a model that cannot be loaded leaves none', async () => {
    const terminate = vi.spyOn(Worker.prototype, 'terminate')
    const param = '7767517\n2 2\nInput in 0 1 x\nInnerProduct fc 1 1 x y 0=1 2=1000'
    const load = loadNcnn({ param, bin: new Uint8Array(4004) }, { ncnn: { numThreads: 2 }, memoryLimit: 100 })
    await expect(load).rejects.toThrow('the limit is')
    expect(terminate).toHaveBeenCalledTimes(1)
  })

  test('threads do not keep the process alive', async () => {
    const code = `import { loadNcnn } from './src/runners/ncnn/index.ts'
const param = '7767517\\n2 2\\nInput in 0 1 x\\nReLU relu 1 1 x y'
const model = await loadNcnn({ param, bin: new Uint8Array() }, { ncnn: { numThreads: 3 } })
console.log(String((await model.run({ x: [-1, 2] })).y.data))`
    const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-threads-'))
    const program = await bundleProgram(code, folder)
    const { stdout, stderr, status } = spawnSync(process.execPath, [program], { encoding: 'utf8', timeout: 60_000 })
    rmSync(folder, { recursive: true })
    expect({ stdout, stderr, status }).toEqual({ stdout: '0,2\n', stderr: '', status: 0 })
  })

  test.each([0, -1, 1.5, 65, Number.NaN])('%d is refused', async (numThreads) => {
    await expect(run(loadNcnn, { ncnn: { numThreads } })).rejects.toThrow(
      `numThreads must be an integer from 1 to 64, got ${numThreads}`,
    )
  })

  test('where there are no worker threads, the error says so', async () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    await expect(run(loadNcnn, { ncnn: { numThreads: 2 } })).rejects.toThrow(
      'numThreads needs the worker threads of Node; in a browser leave it at 1',
    )
    expect(hashOf(await run(loadNcnn, { ncnn: { numThreads: 1 } }))).toBe(expected['residual network'])
  })
})

test('where workers are forbidden, the error is about numThreads', async () => {
  const forbidden = vi.spyOn(process, 'getBuiltinModule').mockImplementation((name: string) => {
    const found = actual(name)
    if (name !== 'node:worker_threads') return found
    return {
      ...found,
      Worker: class {
        constructor() {
          throw new Error('Access to this API has been restricted')
        }
      },
    }
  })
  const param = '7767517\n2 2\nInput in 0 1 x\nReLU relu 1 1 x y'
  const load = loadNcnn({ param, bin: new Uint8Array() }, { ncnn: { numThreads: 2 } })
  await expect(load).rejects.toMatchObject({
    name: 'NcnnError',
    code: 'unsupported',
    message: 'numThreads: 2: a worker thread cannot be started: Access to this API has been restricted',
  })
  expect(forbidden).toHaveBeenCalled()
})
