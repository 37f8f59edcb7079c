// Models under other settings than those that they were loaded with.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type LoadNcnnOptions, loadNcnn, type Model, type VariantSettings } from '../../../src/runners/ncnn/index.ts'

const third = 1 / 3
/** y = x / 3, then z = y / 3. */
const param = [
  '7767517',
  '3 3',
  'Input in 0 1 x',
  'InnerProduct first 1 1 x y 0=1 1=0 2=1',
  'InnerProduct second 1 1 y z 0=1 1=0 2=1 31=4',
].join('\n')
const weight = [0, 0, 0, 0, ...new Uint8Array(Float32Array.of(third).buffer)]
const bin = new Uint8Array([...weight, ...weight])

const load = (options?: LoadNcnnOptions) => loadNcnn({ param, bin }, options)
const variantOf = (model: Model, settings: VariantSettings): Promise<Model> => {
  if (model.variant === undefined) throw new Error('it has no variants')
  return model.variant(settings)
}
const run = async (model: Model): Promise<number[]> => {
  const { y, z } = await model.run({ x: [1] }, { outputs: ['y', 'z'] })
  return [Number(y.data[0]), Number(z.data[0])]
}

const f32 = Math.fround
/** 1/3 as float16, and as bfloat16. */
const half = 0.333251953125
const bf16 = 0.333984375

describe('a variant of an ncnn model', () => {
  test('computes in another precision, and leaves the model as it is', async () => {
    using model = await load()
    using exact = await variantOf(model, { precision: 'float64' })
    const { z } = await exact.run({ x: [1] })
    expect(z.dtype).toBe('float64')
    expect(z.data[0]).toBe(f32(third) * f32(third))
    expect(exact.runtime.options).toEqual({ precision: 'float64' })
    expect((await model.run({ x: [1] })).z.dtype).toBe('float32')
    expect(model.runtime.options).toEqual({})
  })

  test('has its switches besides those of the model, and masks by layer', async () => {
    using model = await load({ ncnn: { useWinogradConvolution: false } })
    using stored = await variantOf(model, { ncnn: { useFp16Storage: true } })
    expect(stored.runtime.options).toEqual({ useWinogradConvolution: false, useFp16Storage: true })
    expect((await run(stored))[0]).toBe(half)
    using masked = await variantOf(stored, { masks: { first: 2 } })
    expect(masked.runtime.options).toMatchObject({ useFp16Storage: true, masks: { first: 2 } })
    expect((await run(masked))[0]).toBe(f32(third))
    expect((await run(masked))[1]).not.toBe((await run(model))[1])
    // A mask that the file has gives way; one that the variant has stays.
    using both = await variantOf(masked, { masks: { second: 2 } })
    expect(await run(both)).toEqual(await run(model))
  })

  test.each([
    ['float16', half],
    ['bfloat16', bf16],
  ] as const)('rounds weights to %s', async (weights, rounded) => {
    using model = await load()
    using variant = await variantOf(model, { weights })
    expect((await run(variant))[0]).toBe(rounded)
    expect(variant.runtime.options).toEqual({ weights })
    expect((await run(model))[0]).toBe(f32(third))
  })

  test('reads the weights of a file again, and outlives the model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
    const path = join(folder, 'net.param')
    await writeFile(path, param)
    await writeFile(join(folder, 'net.bin'), bin)
    const model = await loadNcnn(path, { batched: true })
    using variant = await variantOf(model, { weights: 'float16' })
    model.close()
    expect((await variant.run({ x: [[1], [2]] })).z).toMatchObject({ shape: [2, 1] })
    await rm(folder, { recursive: true })
  })

  test.each([
    [
      'an unknown setting',
      { speed: 1 },
      "variant: unknown option 'speed'; there are precision, ncnn, masks, weights, layers, only",
    ],
    ['an unknown layer', { masks: { third: 2, first: 2 } }, 'variant: param has no layer "third" to mask'],
    ['weights of another type', { weights: 'int8' }, "variant: weights must be 'float16' or 'bfloat16', got \"int8\""],
    [
      'a switch that the engine has not',
      { ncnn: { useVulkanCompute: true } },
      'does not support the ncnn option useVulkanCompute',
    ],
    [
      'settings that contradict each other',
      { precision: 'float64', ncnn: { useFp16Storage: true } },
      "useFp16Storage and precision 'float64' contradict each other",
    ],
  ])('is refused for %s', async (_, settings, message) => {
    using model = await load()
    await expect(variantOf(model, settings as VariantSettings)).rejects.toThrow(message)
  })

  test('shows what it has instead of the file, and has variants in turn', async () => {
    using model = await load()
    using rounded = await variantOf(model, { weights: 'float16', masks: { second: 6 } })
    const details = await rounded.inspectLayer?.('first')
    expect(await details?.weights[0].read()).toMatchObject({ data: Float32Array.of(half) })
    const data = Float32Array.of(third)
    const weights = { weight_data: { data, shape: [1], dtype: 'float32' as const } }
    using one = await variantOf(rounded, { only: ['first'], layers: { first: { weights } } })
    expect(one.runtime.options).toMatchObject({ weights: 'float16', masks: { second: 6 } })
    expect((await one.run({ x: [1] })).y.data[0]).toBe(f32(third))
    using other = await variantOf(rounded, { only: ['second'] })
    expect((await other.run({ y: [1] })).z.data[0]).toBe(half)
  })

  test('of a binary .param has no masks', async () => {
    const words = [7767517, 2, 2, 16, 0, 1, 0, -233, 0, 1, 1, 0, 1, -233]
    using model = await loadNcnn({ param: new Uint8Array(Int32Array.from(words).buffer), bin: new Uint8Array(0) })
    await expect(variantOf(model, { masks: { 1: 2 } })).rejects.toThrow('is binary and has no names of layers')
  })
})
