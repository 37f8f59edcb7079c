import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type LoadNcnnOptions, loadNcnn } from '../../../src/runners/ncnn/index.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'

const noWeights = new Uint8Array(0)
const load = (layers: readonly string[], options?: LoadNcnnOptions, bin: Uint8Array = noWeights) =>
  loadNcnn({ param: ['7767517', `${layers.length} 99`, ...layers].join('\n'), bin }, options)

/** x -> a = relu(x) -> two branches: b = -a, c = |a| -> out = b + c */
const diamond = [
  'Input in 0 1 x',
  'ReLU relu 1 1 x a 0=0.5',
  'Split split 1 2 a a0 a1',
  'UnaryOp neg 1 1 a0 b 0=1',
  'AbsVal abs 1 1 a1 c',
  'BinaryOp add 2 1 b c out 0=0',
]

describe('a model', () => {
  test('knows its inputs, outputs and blobs', async () => {
    const model = await load(['Input in 0 1 x 0=4 1=3 2=2', ...diamond.slice(1)])
    expect(model.inputs).toEqual([{ name: 'x', shape: [2, 3, 4] }])
    expect(model.outputs).toEqual([{ name: 'out' }])
    expect(model.blobs).toEqual(['x', 'a', 'a0', 'a1', 'b', 'c', 'out'])
  })

  test('tells its layers in execution order, each of which runs alone', async () => {
    const model = await load([...diamond].reverse())
    expect(model.layers).toEqual([
      { name: 'relu', type: 'ReLU', inputs: ['x'], outputs: ['a'] },
      { name: 'split', type: 'Split', inputs: ['a'], outputs: ['a0', 'a1'] },
      { name: 'abs', type: 'AbsVal', inputs: ['a1'], outputs: ['c'] },
      { name: 'neg', type: 'UnaryOp', inputs: ['a0'], outputs: ['b'] },
      { name: 'add', type: 'BinaryOp', inputs: ['b', 'c'], outputs: ['out'] },
    ])
    const all = await model.run({ x: [-2, 3] }, { outputs: 'all' })
    for (const { inputs, outputs } of model.layers) {
      const alone = await model.run(Object.fromEntries(inputs.map((name) => [name, all[name]])), { outputs })
      for (const name of outputs) expect(alone[name]).toEqual(all[name])
    }
  })

  test('runs, and gives any blob that is asked for', async () => {
    const model = await load(diamond)
    const x = [-2, 3]
    expect(await model.run({ x })).toEqual({ out: { data: Float32Array.of(2, 0), shape: [2], dtype: 'float32' } })
    const { a, c } = await model.run({ x }, { outputs: ['a', 'c'] })
    expect([...a.data]).toEqual([-1, 3])
    expect([...c.data]).toEqual([1, 3])
    expect(Object.keys(await model.run({ x }, { outputs: 'all' }))).toEqual([...model.blobs])
  })

  test('takes any blob as an input and then does not run the layers before it', async () => {
    const model = await load(diamond)
    const { out } = await model.run({ b: [10, 20], a: [-1, 1] })
    expect([...out.data]).toEqual([11, 21])
    const { a } = await model.run({ a: [7] }, { outputs: ['a'] })
    expect([...a.data]).toEqual([7])
    const all = await model.run({ b: [10, 20], a: [-1, 1] }, { outputs: 'all' })
    expect(Object.keys(all)).toEqual(['a', 'a0', 'a1', 'b', 'c', 'out'])
  })

  test('gives the same result again, and never writes to what it was fed', async () => {
    const model = await load(diamond)
    const x = Float32Array.of(-2, 3)
    const first = await model.run({ x }, { outputs: 'all' })
    expect(await model.run({ x }, { outputs: 'all' })).toEqual(first)
    expect([...x]).toEqual([-2, 3])
  })

  test('runs layers that stand in another order than they depend on each other', async () => {
    const model = await load([...diamond].reverse())
    expect([...(await model.run({ x: [-2, 3] })).out.data]).toEqual([2, 0])
  })

  test('accepts what counts as a tensor, in every float type', async () => {
    const model = await load(diamond)
    const half = { data: Uint16Array.of(0xc000, 0x4200), shape: [2], dtype: 'float16' } as const
    for (const x of [half, Float64Array.of(-2, 3), { data: Float32Array.of(-2, 3), dims: [2], type: 'float32' }]) {
      expect([...(await model.run({ x })).out.data]).toEqual([2, 0])
    }
  })

  test('refuses to run when it was closed', async () => {
    const model = await load(diamond)
    model.close()
    await expect(model.run({ x: [1] })).rejects.toThrow('param: the model was closed')
  })

  test('gives its memory to the next model when it is closed, which computes the same in it', async () => {
    const first = await load(diamond)
    const expected = await first.run({ x: [-2, 3] }, { outputs: 'all' })
    first.close()
    first.close()
    const [second, third] = [await load(diamond), await load(diamond)]
    for (const model of [second, third]) expect(await model.run({ x: [-2, 3] }, { outputs: 'all' })).toEqual(expected)
  })

  test('computes in double precision on request', async () => {
    const model = await load(['Input in 0 1 x', 'BinaryOp add 1 1 x out 0=0 1=1 2=1.0'], { precision: 'float64' })
    const { out } = await model.run({ x: Float64Array.of(1e-12) })
    expect(out).toEqual({ data: Float64Array.of(1 + 1e-12), shape: [1], dtype: 'float64' })
  })
})

test('names a constant of truth values that has one byte an element, where ncnn reads four', async () => {
  const layers = [
    'Input in 0 1 x',
    'MemoryData keep 0 1 keep 0=4',
    'BinaryOp mul 2 1 x keep y 0=2',
    'PReLU p 1 1 y out 0=1',
  ]
  const bin = new Uint8Array([1, 0, 1, 1, ...new Uint8Array(Float32Array.of(0.5).buffer)])
  await expect(load(layers, {}, bin)).rejects.toThrow(
    /It fits with one byte for each element of layer "keep" \(MemoryData, line 4\), .* ncnn reads four, 12 more/,
  )
  await expect(load(layers, {}, bin.subarray(0, 5))).rejects.toThrow(/the file ends at 5. Is it truncated/)
})

test('says once that a file goes on behind the layers that it declares', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  // So many that no other test has had it said.
  const ignored = Array.from({ length: 99 }, (_, i) => `ReLU s${i} 1 1 y z${i}`)
  const param = ['7767517', '2 101', 'Input in 0 1 x', 'ReLU r 1 1 x y', ...ignored].join('\n')
  const model = await loadNcnn({ param, bin: noWeights })
  expect(model.outputs).toEqual([{ name: 'y' }])
  await model.variant?.({ precision: 'float64' })
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/: line 2 declares 2 layers, but 101 follow; ncnn ignores the last 99$/)],
  ])
  warn.mockRestore()
})

describe('batched', () => {
  const layers = ['Input in 0 1 x 0=2', 'ReLU relu 1 1 x out']

  test('strips and restores the batch axis', async () => {
    const model = await load(layers, { batched: true })
    expect(model.inputs).toEqual([{ name: 'x', shape: [-1, 2] }])
    const { out } = await model.run({
      x: [
        [-1, 1],
        [2, -2],
        [3, 3],
      ],
    })
    expect(out).toEqual({ data: Float32Array.of(0, 1, 2, 0, 3, 3), shape: [3, 2], dtype: 'float32' })
  })

  test('needs the same batch for every input', async () => {
    const model = await load(['Input i 0 2 x y', 'BinaryOp add 2 1 x y out'], { batched: true })
    await expect(model.run({ x: [[1], [2], [3]], y: [[1], [2]] })).rejects.toThrow(
      /layer "add" \(BinaryOp, line 4\) cannot run on batches of 2 and 3 samples/,
    )
  })

  test('an input of one sample serves all, as does one that has no batch', async () => {
    const layers = ['Input i 0 3 x y z', 'BinaryOp add 2 1 x y a', 'BinaryOp mul 2 1 a z out 0=2']
    const model = await load(layers, { batched: ['x', 'y'] })
    const { out } = await model.run({ x: [[1], [2]], y: [[10]], z: [3] })
    expect(out).toEqual({ data: Float32Array.of(33, 36), shape: [2, 1], dtype: 'float32' })
  })

  test('Reshape moves elements between samples and axes', async () => {
    const layers = ['Input i 0 1 x', 'Reshape fold 1 1 x a 0=2 1=-1 12=0', 'Reshape split 1 1 a out 0=-1 1=2 13=0']
    const model = await load(layers, { batched: true })
    const { a, out } = await model.run(
      {
        x: [
          [1, 2, 3, 4],
          [5, 6, 7, 8],
        ],
      },
      { outputs: ['a', 'out'] },
    )
    expect([a.shape, Array.from(a.data, Number)]).toEqual([
      [4, 2],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ])
    expect([out.shape, Array.from(out.data, Number)]).toEqual([
      [2, 4],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ])
  })

  test('an axis within may become the batch, and 0n is its length', async () => {
    const layers = [
      'Input i 0 1 x',
      'Reshape split 1 1 x a 0=1 1=3 2=2 13=1',
      'Reshape join 1 1 a out 6="0w,0n,0h" 12=1',
    ]
    const model = await load(layers)
    const { a, out } = await model.run({ x: [1, 2, 3, 4, 5, 6] }, { outputs: ['a', 'out'] })
    expect([a.shape, Array.from(a.data, Number)]).toEqual([
      [3, 2, 1],
      [1, 4, 2, 5, 3, 6],
    ])
    expect([out.shape, Array.from(out.data, Number)]).toEqual([
      [2, 3, 1],
      [1, 2, 3, 4, 5, 6],
    ])
  })
})

describe('customLayers', () => {
  test('compute what ncnn does not have, from inputs and parameters', async () => {
    const model = await load(['Input in 0 1 x', 'my.Scale s 1 1 x out 0=3 -23301=2,10,20'], {
      customLayers: {
        'my.Scale': ([x], params) => [
          {
            ...x,
            data: Float32Array.from(
              x.data as Float32Array,
              (v, i) => v * Number(params[0]) + (params[1] as number[])[i],
            ),
          },
        ],
      },
    })
    expect([...(await model.run({ x: [1, 2] })).out.data]).toEqual([13, 26])
  })

  test('read weights that they declare', async () => {
    const model = await load(
      ['Input in 0 1 x', 'my.Add s 1 1 x out 0=2'],
      {
        customLayers: {
          'my.Add': {
            weights: (params) => [{ count: Number(params[0]), tagged: false }],
            forward: ([x], _, [w]) => [
              { ...x, data: Float32Array.from(x.data as Float32Array, (v, i) => v + Number(w.data[i])) },
            ],
          },
        },
      },
      new Uint8Array(Float32Array.of(0.5, 0.25).buffer),
    )
    expect([...(await model.run({ x: [1, 2] })).out.data]).toEqual([1.5, 2.25])
  })

  test('take precedence over the layer of the same type', async () => {
    const model = await load(['Input in 0 1 x', 'ReLU r 1 1 x out'], {
      customLayers: { ReLU: ([x]) => [{ ...x, data: new Float32Array(x.data.length).fill(9) }] },
    })
    expect([...(await model.run({ x: [1, 2] })).out.data]).toEqual([9, 9])
  })

  test('that return something else are named', async () => {
    const model = await load(['Input in 0 1 x', 'my.Op s 1 1 x out'], { customLayers: { 'my.Op': () => [] } })
    await expect(model.run({ x: [1] })).rejects.toThrow(
      'layer "s" (my.Op, line 4) cannot run on [1]: the custom layer must return an array of 1 tensor, and at once, got 0 of them',
    )
    const later = await load(['Input in 0 1 x', 'my.Op s 1 1 x out'], {
      customLayers: { 'my.Op': (async (inputs: readonly Tensor[]) => inputs) as never },
    })
    await expect(later.run({ x: [1] })).rejects.toThrow('and at once, got a Promise')
  })
})

describe('errors at load', () => {
  test.each([
    ['aten::exp2', 'pnnx did not convert this operator'],
    ['Gather', 'onnx2ncnn left this operator of ONNX as it was. Convert with pnnx'],
  ])('an unknown %s', async (type, words) => {
    await expect(load(['Input in 0 1 x', `${type} e 1 1 x a`])).rejects.toThrow(words)
  })

  test('all unknown layers at once, with advice on what pnnx left behind', async () => {
    const loading = load([
      'Input in 0 1 x',
      'Tensor.expand_as e 1 1 x a',
      'Frobnicate f 1 1 a b',
      'Frobnicate g 1 1 b c',
    ])
    await expect(loading).rejects.toMatchObject({ name: 'NcnnError' })
    await expect(loading).rejects.toThrow(
      [
        'param: 3 layers are of unknown type:',
        '  Tensor.expand_as: "e" (line 4)',
        '    pnnx did not convert this operator; the conversion stopped there. Write instead: x.repeat(...) with explicit counts (it becomes Tile), or rely on broadcasting.',
        '  Frobnicate: "f" (line 5), "g" (line 6)',
        'Operators that ncnn does not have can be supplied as `customLayers: { "type": (inputs, params, weights) => Tensor[] }`.',
      ].join('\n'),
    )
  })

  test.each([
    [
      'a blob that is produced twice',
      ['Input a 0 1 x', 'Input b 0 1 x'],
      'param: blob "x" is produced twice, by layer "a" (Input, line 3) and by layer "b" (Input, line 4)',
    ],
    [
      'a cycle',
      ['ReLU r 1 1 b a', 'ReLU s 1 1 a b'],
      'param: layer "r" (ReLU, line 3) depends on its own output: the graph has a cycle',
    ],
    [
      'too many inputs',
      ['Input a 0 2 x y', 'ReLU r 2 1 x y out'],
      'layer "r" (ReLU, line 4) has 2 inputs, but ReLU takes 1',
    ],
    [
      'floats where integers are listed',
      ['Input a 0 1 x', 'Flip f 1 1 x out 0=0.5,'],
      'layer "f" (Flip, line 4): axes (0) must be integers, found [0.5]',
    ],
  ])('%s', async (_, layers, message) => {
    await expect(load(layers)).rejects.toThrow(message)
  })

  test('a deep graph is no problem', async () => {
    const count = 12_000
    const layers = [
      'Input in 0 1 b0',
      ...Array.from({ length: count }, (_, i) => `Noop n${i} 1 1 b${i} b${i + 1}`),
    ].reverse()
    const model = await loadNcnn({
      param: ['7767517', `${layers.length} ${layers.length}`, ...layers].join('\n'),
      bin: noWeights,
    })
    expect([...(await model.run({ b0: [5] }))[`b${count}`].data]).toEqual([5])
  })

  test.each([
    ['engine', { engine: 'gpu' }, /or an engine object .*, got the string "gpu"/],
    ['precision', { precision: 'float16' }, /precision must be 'float32' or 'float64', got the string "float16"/],
    ['ncnn switch', { ncnn: { useVulkanCompute: true } }, /does not support the ncnn option useVulkanCompute: true/],
  ])('a wrong %s', async (_, options, message) => {
    await expect(load(diamond, options as LoadNcnnOptions)).rejects.toThrow(message)
  })
})

describe('errors at run', () => {
  test.each([
    [
      'a missing input',
      {},
      undefined,
      'param: input "x" is needed but missing; the model\'s inputs are "x", given: none',
    ],
    ['a misspelt input', { X: [1] }, undefined, 'param has no tensor "X" to feed; its inputs are "x"'],
    [
      'an unknown output',
      { x: [1] },
      { outputs: ['emb'] },
      'param has no tensor "emb"; it has "x", "a", "a0", "a1", "b", "c", "out"',
    ],
    ['a ragged input', { x: [[1], [2, 3]] }, undefined, /input "x"/],
    [
      'too many axes',
      { x: [[[[[1]]]]] },
      undefined,
      /has shape \[1, 1, 1, 1, 1\], but ncnn's tensors have 1 to 4 axes, and a batch axis only where/,
    ],
    [
      'shapes that do not go together',
      { a: [1, 2], b: [1, 2, 3] },
      undefined,
      /^layer "add" \(BinaryOp, line 8\) cannot run on \[3\], \[2\]: /,
    ],
  ])('%s', async (_, inputs, options, message) => {
    const model = await load(diamond)
    await expect(model.run(inputs as Record<string, number[]>, options)).rejects.toThrow(message)
    expect([...(await model.run({ x: [-2, 3] })).out.data]).toEqual([2, 0])
  })
})

describe('files', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
    await writeFile(join(folder, 'net.ncnn.param'), '7767517\n2 2\nInput in 0 1 x\nReLU r 1 1 x out\n')
    await writeFile(join(folder, 'net.ncnn.bin'), '')
    await writeFile(join(folder, 'lfs.param'), 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')
    await writeFile(join(folder, 'lfs.bin'), '')
  })
  afterAll(() => rm(folder, { recursive: true }))

  test('the .bin lies beside the .param', async () => {
    for (const path of [join(folder, 'net.ncnn.param'), pathToFileURL(join(folder, 'net.ncnn.param'))]) {
      const model = await loadNcnn(path)
      expect([...(await model.run({ x: [-1, 1] })).out.data]).toEqual([0, 1])
    }
  })

  test('or where `bin` says', async () => {
    await expect(loadNcnn(join(folder, 'net.ncnn.param'), { bin: join(folder, 'net.ncnn.bin') })).resolves.toBeDefined()
    await expect(loadNcnn(join(folder, 'net.ncnn.param'), { bin: join(folder, 'none.bin') })).rejects.toThrow(
      /cannot read .*none\.bin \(the weights of .*net\.ncnn\.param\)/,
    )
  })

  test('contents may be Buffers, at any offset of a larger one', async () => {
    const halves = Buffer.from(Uint16Array.of(0, 0, 0x3c00, 0xc000).buffer)
    const tag = Buffer.from(Uint32Array.of(0x01306b47).buffer)
    const bin = Buffer.concat([Buffer.alloc(12), tag, halves.subarray(4)]).subarray(12)
    const param = Buffer.from('7767517\n2 2\nInput in 0 1 x\nInnerProduct fc 1 1 x out 0=1 2=2\n')
    const model = await loadNcnn({ param, bin })
    expect([...(await model.run({ x: [3, 1] })).out.data]).toEqual([1])
  })

  test('a Git LFS pointer is recognised', async () => {
    await expect(loadNcnn(join(folder, 'lfs.param'))).rejects.toThrow(
      /lfs\.param \(the network\): is a Git LFS pointer.*git lfs pull/,
    )
  })

  test('a layer that WebAssembly cannot address is refused before it is read, with what to do', async () => {
    const count = 3 * 2 ** 29
    await writeFile(
      join(folder, 'large.param'),
      `7767517\n2 2\nInput in 0 1 x\nInnerProduct fc 1 1 x out 0=1 2=${count}\n`,
    )
    // a hole: it takes no space
    await writeFile(join(folder, 'large.bin'), '')
    await truncate(join(folder, 'large.bin'), 4 + 4 * count)
    await expect(loadNcnn(join(folder, 'large.param'))).rejects.toThrow(
      /large\.bin: the weights of layer "fc".* take 6\.0 GiB of memory \(float32\), but WebAssembly addresses 4\.0 GiB\. Divide the layer/,
    )
  })

  test('in a browser, which has no files, contents are asked for', async () => {
    const modules = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    try {
      await expect(loadNcnn('net.ncnn.param')).rejects.toThrow(/there are no files here.*loadNcnn\(\{ param, bin \}\)/)
      const model = await load(diamond)
      expect([...(await model.run({ x: [-2, 3] })).out.data]).toEqual([2, 0])
    } finally {
      modules.mockRestore()
    }
  })

  test('another file name is refused', async () => {
    await expect(loadNcnn(join(folder, 'net.onnx'))).rejects.toThrow(/expected the path of a \.param/)
  })
})

describe('what a message says of a file that is not to be trusted', () => {
  const failureOf = (layers: readonly string[]) =>
    load(layers).then(
      () => '',
      (error: Error) => error.message,
    )

  test('does nothing to a terminal', async () => {
    const message = await failureOf(['Input in 0 1 x', 'Foo\u001b[2J r\u0007 1 1 x y'])
    expect(message).toContain('Foo\\x1b[2J: "r\\x07"')
  })

  test('is no longer than some screens', async () => {
    expect((await failureOf(['Input in 0 1 x', `${'F'.repeat(1e6)} r 1 1 x y`])).length).toBeLessThan(5000)
    const many = Array.from({ length: 3000 }, (_, i) => `Foo${i} r${i} 1 1 x${i} x${i + 1}`)
    const message = await failureOf(['Input in 0 1 x0', ...many])
    expect(message).toContain('3000 layers are of unknown type')
    expect(message).toContain('and 2980 more types')
    expect(message.length).toBeLessThan(5000)
  })

  test('is about the file, however long its lists are', async () => {
    const codes = Array.from({ length: 3e5 }, () => 65)
    const message = await failureOf(['Input in 0 1 x', `Einsum sum 1 1 x y -23300=${codes.length},${codes}`])
    expect(message).toMatch(/^layer "sum" \(Einsum, line 4\)/)
    expect(message).not.toMatch(/call stack/)
  })
})

test('without WebAssembly the built-in engine says so', async () => {
  vi.stubGlobal('WebAssembly', undefined)
  try {
    await expect(load(diamond)).rejects.toMatchObject({
      name: 'NcnnError',
      code: 'unsupported',
      message: expect.stringContaining('--jitless'),
    })
  } finally {
    vi.unstubAllGlobals()
  }
})
