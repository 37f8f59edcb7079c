// What every engine that drives the real ncnn must do, whichever way it reaches it.
import { expect, test } from 'vitest'
import { type LoadNcnnOptions, loadNcnn, type Model, type NcnnEngine } from '../../../../../src/runners/ncnn/index.ts'
import type { TensorLike } from '../../../../../src/tensor/tensor.ts'

export const network = (layers: readonly string[]): string =>
  ['7767517', `${layers.length} ${layers.length + 20}`, ...layers].join('\n')

/** x -> a = relu(x) -> two branches: b = -a, c = |a| -> out = b + c */
export const diamond = network([
  'Input in 0 1 x',
  'ReLU relu 1 1 x a 0=0.5',
  'Split split 1 2 a a0 a1',
  'UnaryOp neg 1 1 a0 b 0=1',
  'AbsVal abs 1 1 a1 c',
  'BinaryOp add 2 1 b c out 0=0',
])

const floats = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => (((i * 37) % 64) - 32) / 8)

/** Declares the tests; `engine` is called when they run. */
export function testRealEngine(engine: () => NcnnEngine): void {
  const load = (
    param: string | Uint8Array,
    bin: Uint8Array = new Uint8Array(0),
    options: LoadNcnnOptions = {},
  ): Promise<Model> => loadNcnn({ param, bin }, { engine: engine(), ...options })

  /** The built-in engine is the reference. */
  const both = async (param: string, inputs: Record<string, TensorLike>, bin?: Uint8Array) => {
    const [real, builtIn] = [await load(param, bin), await load(param, bin, { engine: 'wasm' })]
    return [await real.run(inputs, { outputs: 'all' }), await builtIn.run(inputs, { outputs: 'all' })]
  }

  test('gives any blob, in the order in which they were asked for', async () => {
    const model = await load(diamond)
    expect(model.blobs).toEqual(['x', 'a', 'a0', 'a1', 'b', 'c', 'out'])
    const { out, a } = await model.run({ x: [-2, 3] }, { outputs: ['out', 'a'] })
    expect(out).toEqual({ data: Float32Array.of(2, 0), shape: [2], dtype: 'float32' })
    expect(a).toEqual({ data: Float32Array.of(-1, 3), shape: [2], dtype: 'float32' })
  })

  test('takes any blob, and does not overwrite it when the layer that makes it runs for its other output', async () => {
    const model = await load(diamond)
    expect([...(await model.run({ b: [10, 20], a: [-1, 1] })).out.data]).toEqual([11, 21])
    expect([...(await model.run({ a0: [10, 20], x: [-2, 3] })).out.data]).toEqual([-9, -17])
    expect(Object.keys(await model.run({ b: [10, 20], a: [-1, 1] }, { outputs: 'all' }))).toEqual([
      'a',
      'a0',
      'a1',
      'b',
      'c',
      'out',
    ])
    const { a1, out } = await model.run({ a0: [10, 20], x: [-2, 3] }, { outputs: ['out', 'a1'] })
    expect([[...a1.data], [...out.data]]).toEqual([
      [-1, 3],
      [-9, -17],
    ])
  })

  test.each([[[5]], [[3, 5]], [[2, 3, 5]], [[3, 2, 3, 5]], [[1, 1, 1, 1]]])(
    'keeps shape %j and its elements, without the gaps between channels',
    async (shape) => {
      const x = { data: floats(shape.reduce((a, b) => a * b)), shape, dtype: 'float32' } as const
      const [real, builtIn] = await both(diamond, { x })
      expect(real).toEqual(builtIn)
      expect(real.out.shape).toEqual(shape)
    },
  )

  test('moves elements between the samples of a batch, or says that it cannot', async () => {
    const param = network(['Input in 0 1 x', 'ReLU relu 1 1 x y', 'Reshape all 1 1 y z 0=6 12=0 13=233'])
    const x = { data: floats(6), shape: [2, 3], dtype: 'float32' } as const
    const model = await load(param, undefined, { batched: true })
    const builtIn = await load(param, undefined, { engine: 'wasm', batched: true })
    const result = await model.run({ x }).catch((error: Error) => error.message)
    if (typeof result === 'string') expect(result).toMatch(/^layer "all" .* moves elements between samples/)
    else expect(result).toEqual(await builtIn.run({ x }))
  })

  test('gives int8 blobs as int8', async () => {
    const param = network(['Input in 0 1 x', 'Quantize q 1 1 x y 0=1', 'Split s 1 2 y y0 y1'])
    const scale = new Uint8Array(Float32Array.of(10).buffer)
    const [real, builtIn] = await both(param, { x: { data: floats(30), shape: [2, 3, 5], dtype: 'float32' } }, scale)
    expect(real.y.dtype).toBe('int8')
    expect(real.y1).toEqual(builtIn.y1)
  })

  test('feeds indices as int32 to layers that read them so', async () => {
    const param = network(['Input in 0 1 x', 'Split s 1 2 x x0 x1', 'Embed e 1 1 x0 y 0=2 1=4 3=8'])
    const table = new Uint8Array(Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31).buffer)
    const bin = new Uint8Array([0, 0, 0, 0, ...table])
    const model = await load(param, bin)
    for (const x of [[3, 1], Int32Array.of(3, 1), BigInt64Array.of(3n, 1n)]) {
      const { y } = await model.run({ x }, { outputs: ['y'] })
      expect(y).toEqual({ data: Float32Array.of(30, 31, 10, 11), shape: [2, 2], dtype: 'float32' })
    }
    await expect(model.run({ x: [0.5] })).rejects.toThrow('reads this input as int32, which cannot hold 0.5')
  })

  test('gives and takes 16-bit floats where Cast does', async () => {
    const param = network(['Input in 0 1 x', 'Cast c 1 1 x y 0=1 1=4', 'Cast d 1 1 y z 0=4 1=1'])
    const model = await load(param)
    const { y, z } = await model.run({ x: [1, -2.5] }, { outputs: 'all' })
    expect(y).toEqual({ data: Uint16Array.of(0x3f80, 0xc020), shape: [2], dtype: 'bfloat16' })
    expect([...z.data]).toEqual([1, -2.5])
    expect([...(await model.run({ y: [3, 4] })).z.data]).toEqual([3, 4])
  })

  test('gives a blob without elements where a layer finds nothing', async () => {
    const param = network([
      'Input in0 0 1 in0',
      'Input in1 0 1 in1',
      'Input in2 0 1 in2',
      'DetectionOutput d 3 1 in0 in1 in2 y 0=3 1=0.45 2=10 3=10 4=0.99',
    ])
    const boxes = { data: floats(24), shape: [2, 12], dtype: 'float32' } as const
    const { y } = await (await load(param)).run({ in0: floats(12), in1: new Float32Array(9), in2: boxes })
    expect([y.data.length, y.shape]).toEqual([0, [0]])
  })

  test('computes in the precision it was asked for', async () => {
    const param = network(['Input in 0 1 x', 'InnerProduct ip 1 1 x y 0=1 1=0 2=2'])
    const bin = new Uint8Array([0, 0, 0, 0, ...new Uint8Array(Float32Array.of(1.2345678, 0).buffer)])
    const run = async (ncnn: LoadNcnnOptions['ncnn']): Promise<number> =>
      Number((await (await load(param, bin, { ncnn })).run({ x: [1, 0] })).y.data[0])
    expect(await run({})).toBeCloseTo(1.2345678, 6)
    const rounded = await run({ useBf16Storage: true, usePackingLayout: true })
    expect(rounded).not.toBeCloseTo(1.2345678, 4)
    expect(rounded).toBeCloseTo(1.2345678, 1)
  })

  test('runs a binary .param', async () => {
    // Input -> AbsVal: magic, layers, blobs, then type, inputs, outputs, blob numbers, end of parameters
    const words = [7767517, 2, 2, 16, 0, 1, 0, -233, 0, 1, 1, 0, 1, -233]
    const model = await load(new Uint8Array(Int32Array.from(words).buffer))
    const [input, output] = model.blobs
    const results = await model.run({ [input]: [-1, 2] })
    expect([...results[output].data]).toEqual([1, 2])
  })

  test('runs several models, and one of them many times at once', async () => {
    const [first, second] = [await load(diamond), await load(network(['Input in 0 1 x', 'AbsVal a 1 1 x y']))]
    const runs = Array.from({ length: 20 }, (_, i) => first.run({ x: [-2 * i, i] }))
    const { y } = await second.run({ x: [-7] })
    expect([...y.data]).toEqual([7])
    expect((await Promise.all(runs)).map(({ out }) => out.data[0])).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i))
    first.close()
    expect([...(await second.run({ x: [-8] })).y.data]).toEqual([8])
    await expect(first.run({ x: [1] })).rejects.toThrow('param: the model was closed')
  })

  test('names a layer that ncnn does not have', async () => {
    const param = network(['Input in 0 1 x', 'Tensor.expand_as e 1 1 x y'])
    await expect(load(param)).rejects.toThrow(
      /^ncnn cannot load the \.param \(return code -1\)[\s\S]*Tensor\.expand_as: "e" \(line 4\)\n {4}pnnx did not convert this operator/,
    )
  })

  test('checks the .bin before ncnn reads behind its end', async () => {
    const param = network(['Input in 0 1 x', 'InnerProduct ip 1 1 x y 0=1 1=0 2=2'])
    await expect(load(param, new Uint8Array(8))).rejects.toThrow(
      'Is it truncated, or does it belong to another .param?',
    )
  })

  test('names missing inputs, unknown blobs and what only the built-in engine can do', async () => {
    const model = await load(diamond)
    await expect(model.run({})).rejects.toThrow('input "x" is needed but missing')
    await expect(model.run({ x: [1] }, { outputs: ['nope'] })).rejects.toThrow('has no tensor "nope"')
    await expect(load(diamond, undefined, { precision: 'float64' })).rejects.toThrow('needs the built-in engine')
    const customLayers = { ReLU: () => [] }
    await expect(load(diamond, undefined, { customLayers })).rejects.toThrow('customLayers needs the built-in engine')
    await expect(load(diamond, undefined, { relaxedSimd: true })).rejects.toThrow(
      'relaxedSimd needs the built-in engine',
    )
  })
}
