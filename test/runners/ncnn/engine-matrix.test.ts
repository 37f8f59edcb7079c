// Named cases over engines and options, and which engines are here.
import { describe, expect, test } from 'vitest'
import {
  engineCases,
  findEngines,
  type NcnnEngine,
  nativeEngine,
  presentEngines,
} from '../../../src/runners/ncnn/index.ts'
import { diamond } from './engines/real/model-suite.ts'

const files = { param: diamond, bin: new Uint8Array(0) }
const absent = nativeEngine({ library: '/nowhere/libncnn.so' })

describe.each(engineCases(['wasm'], { options: ['reference', 'default', 'bf16 storage'] }))('$name', ({ load }) => {
  test('runs the model', async () => {
    const model = await load(files)
    expect((await model.run({ x: [-2, 3] })).out.shape).toEqual([2])
  })

  test('passes further options on', async () => {
    const model = await load(files, { batched: true })
    expect((await model.run({ x: [[-2, 3]] })).out.shape).toEqual([1, 2])
  })
})

describe('the cases', () => {
  const names = (cases: readonly { name: string }[]): string[] => cases.map(({ name }) => name)

  test('are every engine with every set of options, by name', () => {
    expect(names(engineCases(['wasm', 'python']))).toEqual([
      'wasm, reference',
      'wasm, default',
      'python, reference',
      'python, default',
    ])
    const own = engineCases(['native'], { options: { 'two threads': { numThreads: 2 } } })
    expect(names(own)).toEqual(['native, two threads'])
    expect(own[0].ncnn).toEqual({ numThreads: 2 })
  })

  test('go by the names that the engines are given', async () => {
    const engines = { here: 'wasm', 'the other': 'wasm', nowhere: absent } as const
    expect(names(engineCases(engines, { options: ['reference'] }))).toEqual([
      'here, reference',
      'the other, reference',
      'nowhere, reference',
    ])
    const [first] = engineCases(engines)
    expect((await first.load(files)).runtime.name).toBe('here')
    expect((await findEngines(engines)).map(({ engine, missing }) => [engine.name, missing === undefined])).toEqual([
      ['here', true],
      ['the other', true],
      ['nowhere', false],
    ])
    const present = await presentEngines(engines)
    expect(names(engineCases(present, { options: ['default'] }))).toEqual(['here, default', 'the other, default'])
  })

  test('leave out what an engine cannot honour', () => {
    expect(names(engineCases(['wasm', 'python'], { options: ['reference', 'Vulkan'] }))).toEqual([
      'wasm, reference',
      'python, reference',
      'python, Vulkan',
    ])
  })

  test('pass their options to the engine', async () => {
    const seen: unknown[] = []
    const engine: NcnnEngine = {
      name: 'mine',
      version: async () => 'mine',
      load: async (_, { ncnn }) => {
        seen.push(ncnn)
        throw new Error('seen')
      },
    }
    for (const { load } of engineCases([engine], { options: ['default without fp16'] })) {
      await expect(load(files)).rejects.toThrow('seen')
    }
    expect(seen).toEqual([{ usePackingLayout: true, useSgemmConvolution: true, useWinogradConvolution: true }])
  })

  test('know no other names', () => {
    expect(() => engineCases(['wasm'], { options: ['fastest' as 'default'] })).toThrow(
      'engineCases: there is no option set "fastest"; there are reference, default,',
    )
    expect(() => engineCases(['cuda' as 'wasm'])).toThrow('got the string "cuda"')
  })
})

describe('the engines that are here', () => {
  test('say their version, the others why they are not', async () => {
    const [builtIn, native] = await findEngines(['wasm', absent])
    expect(builtIn.version).toMatch(/^built in, expect-tensor \d/)
    expect(builtIn.missing).toBeUndefined()
    expect(native.version).toBeUndefined()
    expect(native.missing).toContain('/nowhere/libncnn.so: ')
  })

  test('can be had alone', async () => {
    expect((await presentEngines(['wasm', absent])).map(({ name }) => name)).toEqual(['wasm'])
  })
})
