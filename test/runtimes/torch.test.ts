// loadTorch in real PyTorch: TorchScript, and what pnnx writes.
import { execFileSync } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tensor, tensorMatchers } from '../../src/index.ts'
import { type LoadTorchOptions, loadTorch } from '../../src/runners/torch/index.ts'
import { pythonWith } from './present.ts'

expect.extend(tensorMatchers)

const python = pythonWith('torch') ?? ''

describe.skipIf(python === '')('loadTorch', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
    const script = fileURLToPath(new URL('torch_models.py', import.meta.url))
    execFileSync(python, [script, folder], { stdio: ['ignore', 'pipe', 'ignore'] })
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const load = (file: string, options: LoadTorchOptions = {}) => loadTorch(join(folder, file), { python, ...options })
  const wave = (phase: number) =>
    tensor(
      Float32Array.from({ length: 12 }, (_, i) => Math.sin(i + phase)),
      [1, 2, 6],
    )
  const [x, y] = [wave(0), wave(1)]
  const float32 = (values: number[][]) => tensor(values, undefined, 'float32')

  describe.each(['traced.pt', 'scripted.pt'])('%s', (file) => {
    test('tells inputs, outputs and blobs in execution order', async () => {
      using model = await load(file)
      expect(model.runtime).toEqual({
        name: 'torch',
        version: expect.stringMatching(/^\d/),
        options: { state: 'eval' },
      })
      expect(model.inputs).toEqual([{ name: 'x' }, { name: 'y' }])
      expect(model.outputs).toEqual([{ name: 'out0' }, { name: 'out1' }])
      const inOrder = [
        'x',
        'first.conv',
        'first/relu',
        'first.norm',
        'first',
        'second.conv',
        'second',
        'add',
        'linear',
        'out0',
      ]
      expect(model.blobs.filter((name) => inOrder.includes(name))).toEqual(expect.arrayContaining(inOrder))
      const places = ['first.conv', 'first/relu', 'first', 'second.conv', 'second', 'add', 'out0'].map((name) =>
        model.blobs.indexOf(name),
      )
      expect(places).toEqual([...places].sort((a, b) => a - b))
      expect(model.layers.find(({ name }) => name === 'first.norm')).toEqual({
        name: 'first.norm',
        type: 'BatchNorm1d',
        inputs: ['first/relu'],
        outputs: ['first.norm'],
      })
      expect(Object.fromEntries(model.layers.map(({ name, type }) => [name, type]))).toMatchObject({
        'first.conv': 'Conv1d',
        'first/relu': 'relu',
        first: 'Block',
        add: 'add',
        out0: 'Identity',
      })
    })

    test('computes outputs and any intermediate', async () => {
      using model = await load(file)
      const all = await model.run({ x, y }, { outputs: 'all' })
      expect(Object.keys(all)).toEqual(model.blobs)
      expect(all.out0).toHaveShape([1, 3])
      const relu = Float32Array.from(all['first.conv'].data as Float32Array, (value) => Math.max(value, 0))
      expect(all['first/relu']).toMatchTensor(tensor(relu, [1, 2, 6]), { preset: 'exact' })
      expect(all.first).toMatchTensor(all['first.norm'], { preset: 'exact' })
      const sum = Float32Array.from(all.second.data as Float32Array, (value, i) => value + Number(y.data[i]))
      expect(all.add).toMatchTensor(tensor(sum, [1, 2, 6]), { preset: 'exact' })
      // Whatever else is asked for, the numbers are the same.
      expect(await model.run({ x, y })).toMatchTensors({ out0: all.out0, out1: all.out1 }, { preset: 'exact' })
      expect((await model.run({ x }, { outputs: ['first'] })).first).toMatchTensor(all.first, { preset: 'exact' })
    })

    test('is fed intermediates', async () => {
      using model = await load(file)
      const {
        first,
        'second.conv': conv,
        out0,
      } = await model.run({ x, y }, { outputs: ['first', 'second.conv', 'out0'] })
      expect((await model.run({ first, y })).out0).toMatchTensor(out0, { preset: 'exact' })
      const rest = await model.run({ 'second.conv': conv, y }, { outputs: 'all' })
      expect(rest.out0).toMatchTensor(out0, { preset: 'exact' })
      expect(Object.keys(rest)).toContain('second.norm')
      expect(Object.keys(rest)).not.toContain('first')
      const zero = tensor(new Float32Array(12), [1, 2, 6])
      expect((await model.run({ 'second.norm': zero, y }, { outputs: ['add', 'second'] })).add).toMatchTensor(y)
    })

    test('shows the weights that a layer reads, and no others', async () => {
      using model = await load(file)
      const held = async (name: string) => (await model.inspectLayer?.(name))?.weights ?? []
      expect((await held('first.conv')).map(({ name, shape }) => [name, shape])).toEqual([
        ['first.conv.bias', [2]],
        ['first.conv.weight', [2, 2, 3]],
      ])
      expect((await held('first.norm')).map(({ name }) => name)).toEqual(
        ['bias', 'running_mean', 'running_var', 'weight'].map((name) => `first.norm.${name}`),
      )
      expect(await held('add')).toEqual([])
      const [bias] = await held('linear')
      expect((await bias.read()).shape).toEqual([3])
      await expect(model.inspectLayer?.('first.conf')).rejects.toThrow('has no layer "first.conf"')
    })

    test('says what is missing, unknown or of the wrong shape', async () => {
      using model = await load(file)
      await expect(model.run({ x })).rejects.toThrow(
        `${file}: input "y" is needed but missing; the model's inputs are "x", "y", given: "x"`,
      )
      await expect(model.run({ z: x })).rejects.toThrow('has no tensor "z" to feed; its inputs are "x", "y"')
      await expect(model.run({ x, y }, { outputs: ['nope'] })).rejects.toThrow('has no tensor "nope"')
      await expect(model.run({ x: [[1, 2]], y: [[1, 2]] })).rejects.toThrow(
        /PyTorch cannot run it on "x" \[1, 2\] float32, "y" \[1, 2\] float32: .+/,
      )
      expect((await model.run({ x, y })).out1).toHaveShape([1, 2])
    })
  })

  test('runs in the state that is asked for: dropout drops in training, the same every time', async () => {
    using evaluating = await load('scripted.pt')
    using training = await load('scripted.pt', { state: 'train' })
    const [dropped, again] = [await training.run({ x, y }), await training.run({ x, y })]
    expect(dropped.out0).not.toMatchTensor((await evaluating.run({ x, y })).out0, { rtol: 0.01 })
    expect(dropped.out0).toMatchTensor(again.out0, { rtol: 0.5 })
    await expect(load('scripted.pt', { state: 'test' as 'eval' })).rejects.toThrow("state must be 'eval' or 'train'")
  })

  test('names outputs by the keys of a dict, and gives what a module returned before it was overwritten', async () => {
    using model = await load('ends.pt')
    expect(model.outputs).toEqual([{ name: 'sum' }, { name: 'negative' }])
    const results = await model.run({ x: [1, 2] }, { outputs: ['sum', 'negative', 'twice'] })
    expect(results).toMatchTensors({ sum: 8, negative: [-3, -5], twice: [2, 4] })
  })

  test.each(['float32', 'float64', 'float16', 'bfloat16', 'int8', 'uint8', 'int16', 'int32', 'int64', 'bool'] as const)(
    '%s in and out',
    async (dtype) => {
      using model = await load('same.pt')
      const fed = tensor([1, 0, 1], undefined, dtype)
      expect((await model.run({ x: fed }, { outputs: ['out0'] })).out0).toEqual(fed)
    },
  )

  test('tensors without elements, and scalars', async () => {
    using model = await load('same.pt')
    expect((await model.run({ x: new Float32Array(0) })).out0).toHaveShape([0])
    expect((await model.run({ x: 3n })).out0).toEqual({ data: BigInt64Array.of(3n), shape: [], dtype: 'int64' })
  })

  test('numbers as arguments, and defaults', async () => {
    using model = await load('scaled.pt')
    expect(model.inputs.map(({ name }) => name)).toEqual(['x', 'factor'])
    expect((await model.run({ x: [1, 2], factor: 3 })).out0).toMatchTensor([3.5, 6.5])
    expect((await model.run({ x: [1, 2], factor: 3, offset: 1 })).out0).toMatchTensor([4, 7])
    expect(Object.keys(await model.run({ x: [1, 2], factor: 3 }, { outputs: 'all' }))).toEqual(model.blobs)
    await expect(model.run({ x: [1, 2] })).rejects.toThrow('input "factor" is needed but missing')
  })

  test('modules that return several tensors', async () => {
    using model = await load('recurrent.pt')
    const all = await model.run({ x: tensor(new Float32Array(8).fill(0.5), [1, 4, 2]) }, { outputs: 'all' })
    expect(all.out0).toHaveShape([1, 4, 3])
    expect(all.out1).toHaveShape([1, 1, 3])
    expect(all.lstm).toMatchTensor(all.out0, { preset: 'exact' })
  })

  test('tensors that are written into by parts', async () => {
    using model = await load('overwriting.pt')
    const x = float32([
      [1, 2, 3],
      [4, 5, 6],
    ])
    const all = await model.run({ x }, { outputs: 'all' })
    expect(Object.keys(all)).toEqual(model.blobs)
    // [[4, 2, 3], [11, 6, 6]], doubled
    expect(all.out0).toMatchTensor([
      [8, 4, 6],
      [22, 12, 12],
    ])
    expect(all.clone).toMatchTensor(x)
    expect((await model.run({ clone: x })).out0).toMatchTensor(all.out0)
  })

  test('a module that is called twice, and nested results', async () => {
    using model = await load('nested.pt')
    expect(model.outputs.map(({ name }) => name)).toEqual(['out0', 'out1', 'out2'])
    const all = await model.run({ x: [1] }, { outputs: 'all' })
    expect(all).toMatchTensors({ ...all, out0: [2], out1: [2], out2: [4], twice: [2], 'twice:1': [4] })
  })

  test('loops and branches, whose insides have no names', async () => {
    using model = await load('repeating.pt')
    expect((await model.run({ x: [1] })).out0).toMatchTensor([8])
    expect((await model.run({ x: [1], times: 4 })).out0).toMatchTensor([15])
    await expect(model.run({ x: [1], times: 1.5 })).rejects.toThrow("input 'times' is a number of type int, got 1.5")
    expect(model.blobs).toEqual(['x', 'Loop', 'out0'])
  })

  test('refuses results that no tensor can hold', async () => {
    using model = await load('complex.pt')
    await expect(model.run({ x: [1] })).rejects.toThrow('"out0" holds elements of type complex')
  })

  describe('a file that pnnx wrote', () => {
    const inputs = { in0: [[1, 1]], in1: [[10]] }

    test('has its names, and runs what is needed', async () => {
      using model = await load('small_pnnx.py')
      expect(model.inputs).toEqual([{ name: 'in0' }, { name: 'in1' }])
      expect(model.outputs).toEqual([{ name: 'out0' }, { name: 'out1' }])
      expect(model.blobs).toEqual(['in0', 'in1', 'out1', 'v_3', 'v_4', 'v_5', 'v_6', 'out0'])
      expect(model.layers.slice(0, 2)).toEqual([
        { name: 'out1', type: expect.any(String), inputs: ['in0'], outputs: ['out1'] },
        { name: 'v_3', type: 'chunk', inputs: ['out1'], outputs: ['v_3', 'v_4'] },
      ])
      expect(await model.run(inputs)).toMatchTensors({ out0: [[11]], out1: [[3, 1]] })
      expect(await model.run(inputs, { outputs: ['v_3', 'v_5', 'v_6'] })).toMatchTensors({
        v_3: [[3]],
        v_5: [[1]],
        v_6: 1,
      })
      expect((await model.run({ in0: inputs.in0 }, { outputs: ['out1'] })).out1).toMatchTensor([[3, 1]])
      expect((await model.run({ v_5: [[4]], in1: inputs.in1 }, { outputs: ['out0'] })).out0).toMatchTensor([[14]])
    })

    test('shows the weights of its layers', async () => {
      using model = await load('small_pnnx.py')
      const all = await Promise.all(
        model.layers.map(async ({ name }) => (await model.inspectLayer?.(name))?.weights ?? []),
      )
      expect(all.flat().map(({ name }) => name)).toEqual(expect.arrayContaining([expect.stringMatching(/\.weight$/)]))
      for (const weight of all.flat()) expect((await weight.read()).shape).toEqual(weight.shape)
    })

    test('says what is missing', async () => {
      using model = await load('small_pnnx.py')
      await expect(model.run({ in0: [[1, 1]] })).rejects.toThrow(
        'input "in1" is needed but missing; the model\'s inputs are "in0", "in1", given: "in0"',
      )
      await expect(model.run({ in0: [[1, 1, 1]], in1: [[1]] })).rejects.toThrow(
        'PyTorch cannot run it on "in0" [1, 3] float32, "in1" [1, 1] float32',
      )
    })

    test('with weights that are missing or damaged', async () => {
      await copyFile(join(folder, 'small_pnnx.py'), join(folder, 'alone_pnnx.py'))
      const text = await readFile(join(folder, 'small_pnnx.py'), 'utf8')
      await writeFile(join(folder, 'alone_pnnx.py'), text.replace('small.pnnx.bin', 'alone.pnnx.bin'))
      await expect(load('alone_pnnx.py')).rejects.toThrow(
        /cannot read .*alone\.pnnx\.bin \(weights of .*alone_pnnx\.py\)/,
      )
      await writeFile(join(folder, 'alone.pnnx.bin'), 'no archive')
      await expect(load('alone_pnnx.py')).rejects.toThrow('its weights (the .pnnx.bin) are damaged')
    })
  })

  test('says what a file is that is no model', async () => {
    await expect(load('weights.pth')).rejects.toThrow(
      /weights\.pth: it is a checkpoint \(torch\.save\).*torch\.jit\.trace/,
    )
    await expect(load('pickle.pth')).rejects.toThrow('it is a pickle, which is not TorchScript')
    await copyFile(join(folder, 'traced.pt'), join(folder, 'truncated.pt'))
    await truncate(join(folder, 'truncated.pt'), 1000)
    await expect(load('truncated.pt')).rejects.toThrow('truncated.pt: it is not a TorchScript file, or it is truncated')
    await expect(load('absent.pt')).rejects.toThrow(/cannot read .*absent\.pt \(the model\)/)
  })

  test('a closed model refuses to run', async () => {
    const model = await load('same.pt')
    model.close()
    await expect(model.run({ x })).rejects.toThrow('the model was closed')
  })
})
