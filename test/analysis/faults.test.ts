// Faults that networks of other shapes have: activations with numbers of their own, outputs, residual branches, blobs that resemble others.
import { describe, expect, test } from 'vitest'
import { randomWeights } from '../../bench/random-weights.ts'
import { type Diagnosis, diagnose } from '../../src/model-analysis.ts'
import type { LayerChange, Model, VariantSettings } from '../../src/runners/model.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { normal, randomFrom } from '../compare/hints/scenes.ts'
import { trials } from '../trials.ts'
import { asAnotherRuntime, channelsLast, image } from './small-network.ts'

type LoadOptions = Parameters<typeof loadNcnn>[1]

/** A .param of these layers, the first of which is the input. */
function paramOf(lines: readonly string[]): string {
  const blobs = lines.reduce((sum, line) => sum + Number(line.split(' ')[3]), 0)
  return `7767517\n${lines.length} ${blobs}\n${lines.join('\n')}\n`
}

const load = (lines: readonly string[], options?: LoadOptions, weights = randomWeights(paramOf(lines))) =>
  loadNcnn({ param: paramOf(lines), bin: weights }, options)

/** A model as one that only computes, under other names. */
function opaque(model: Model): Model {
  const named = (blob: string): string => `t${1000 + 7 * model.blobs.indexOf(blob)}`
  const own = new Map(model.blobs.map((blob) => [named(blob), blob]))
  return {
    ...model,
    inputs: model.inputs.map(({ name }) => ({ name: named(name) })),
    outputs: model.outputs.map(({ name }) => ({ name: named(name) })),
    blobs: model.blobs.map(named),
    layers: [],
    variant: undefined,
    inspectLayer: undefined,
    async run(given) {
      const inputs = Object.fromEntries(Object.entries(given).map(([name, tensor]) => [own.get(name) ?? name, tensor]))
      const results = await model.run(inputs, { outputs: 'all' })
      return Object.fromEntries(Object.entries(results).map(([blob, tensor]) => [named(blob), tensor]))
    },
  }
}

/** What is said of a model whose layers should be `lines`, and are that but for some changes. */
async function diagnosisOf(
  lines: readonly string[],
  layers: Readonly<Record<string, LayerChange>>,
  inputs: Readonly<Record<string, Tensor>>,
  { options, as = opaque }: { readonly options?: LoadOptions; readonly as?: (model: Model) => Model } = {},
): Promise<Diagnosis> {
  using plain = await load(lines, options)
  using exact = await load(lines, { precision: 'float64' })
  const damaged = await plain.variant?.({ layers })
  if (damaged === undefined) throw new Error('there is no variant')
  const reference = as(exact)
  const tensors = Object.values(inputs).map((tensor) => (as === asAnotherRuntime ? channelsLast(tensor) : tensor))
  const referenceInputs = Object.fromEntries(reference.inputs.map(({ name }, i) => [name, tensors[i]]))
  const diagnosis = await diagnose(damaged, reference, { inputs, referenceInputs })
  damaged.close()
  return diagnosis
}

const told = ({ culprits }: Diagnosis): (readonly [string, string, string])[] =>
  culprits.map(({ layer, cause, evidence }) => [layer, cause, evidence])

const inputs = { in: image() }
const vector: Tensor = { data: image(3).data.slice(0, 24), shape: [24], dtype: 'float32' }

describe('an activation is named with the numbers that it should have', () => {
  const network = (activation: string, fused = '') => [
    'Input in 0 1 in',
    `Convolution conv1 1 1 in c1 0=8 1=3 4=1 5=1 6=216${fused}`,
    activation,
    'Convolution conv2 1 1 a1 c2 0=6 1=3 4=1 5=1 6=432',
    'Pooling mean 1 1 c2 out 0=1 4=1',
  ]
  const noop: LayerChange = { type: 'Noop', params: {} }

  test.each<[right: string, wrong: LayerChange, evidence: RegExp]>([
    ['ReLU act 1 1 c1 a1 0=0.23', noop, /slope of negative values is 0.23 instead of 1/],
    ['ReLU act 1 1 c1 a1', { params: { slope: 0.25 } }, /its slope is 0/],
    ['ELU act 1 1 c1 a1 0=1.0', noop, /it is ELU with alpha 1/],
    ['HardSwish act 1 1 c1 a1 0=0.1666667', noop, /it is HardSwish with alpha 0.167/],
    ['HardSigmoid act 1 1 c1 a1 0=0.1666667', noop, /it is HardSigmoid with alpha 0.167/],
    ['Clip act 1 1 c1 a1 0=-0.7 1=0.4', noop, /it is limited to at least -0.7 and at most 0.4/],
    ['Clip act 1 1 c1 a1 0=-0.7 1=0.4', { params: { max: 0.37 } }, /at most 0.4|upper bound|max is 0.4/],
  ])('%s', async (right, wrong, evidence) => {
    const diagnosis = await diagnosisOf(network(right), { act: wrong }, inputs)
    expect(told(diagnosis)).toEqual([['act', 'parameter', expect.stringMatching(evidence)]])
    expect(diagnosis.repair?.after).toBeLessThan(1e-5)
  })

  test.each([
    [' 9=2 -23310=1,0.31', /slope of negative values is 0.31/],
    [' 9=3 -23310=2,-0.6,0.8', /limited to at least -0.6 and at most 0.8/],
  ])('fused:%s', async (fused, evidence) => {
    const lines = network('Noop act 1 1 c1 a1', fused)
    const none = { params: { activation_type: 0, activation_params: undefined } }
    expect(told(await diagnosisOf(lines, { conv1: none }, inputs))).toEqual([
      ['conv1', 'parameter', expect.stringMatching(evidence)],
    ])
  })

  test('before a layer that only moves elements', async () => {
    const lines = [
      'Input in 0 1 in',
      'InnerProduct fc 1 1 in f1 0=64 1=1 2=1536',
      'ReLU act 1 1 f1 a1',
      'Reshape reshape 1 1 a1 r1 0=4 1=4 2=4',
      'Convolution conv 1 1 r1 out 0=6 1=3 4=1 5=1 6=216',
    ]
    expect(told(await diagnosisOf(lines, { act: noop }, { in: vector }))).toEqual([
      ['act', 'parameter', expect.stringMatching(/it is ReLU/)],
    ])
  })

  test.each([{ useFp16Storage: true }, { useBf16Storage: true }])(
    'once, though two read it, under %o',
    async (ncnn) => {
      const lines = [
        'Input in 0 1 in',
        'Convolution conv1 1 1 in c1 0=8 1=3 4=1 5=1 6=216',
        'ReLU act 1 1 c1 a1',
        'Split split 1 2 a1 x y',
        'Convolution conv2 1 1 x c2 0=8 1=3 4=1 5=1 6=576',
        'BinaryOp add 2 1 c2 y s1',
        'Convolution conv3 1 1 s1 out 0=6 1=3 4=1 5=1 6=432',
      ]
      const diagnosis = await diagnosisOf(lines, { act: noop }, inputs, { options: { ncnn } })
      expect(told(diagnosis)).toEqual([['act', 'parameter', expect.stringMatching(/it is ReLU/)]])
    },
  )

  test.each([undefined, { useFp16Storage: true }])('as the last layer, under %o', async (ncnn) => {
    const lines = ['Input in 0 1 in', 'Convolution conv 1 1 in c1 0=8 1=3 4=1 5=1 6=216', 'TanH act 1 1 c1 out']
    const diagnosis = await diagnosisOf(lines, { act: noop }, inputs, { options: ncnn && { ncnn } })
    expect(told(diagnosis)).toEqual([['act', 'parameter', expect.stringMatching(/it is TanH/)]])
  })
})

describe('a blob that resembles another tensor than its own', () => {
  const lines = [
    'Input in 0 1 in',
    'Convolution conv1 1 1 in c1 0=8 1=3 4=1 5=1 6=216',
    'BinaryOp shift 1 1 c1 b1 0=0 1=1 2=0.1',
    'ReLU relu 1 1 b1 r1',
    'Convolution conv2 1 1 r1 c2 0=8 1=3 4=1 5=1 6=576',
    'Pooling mean 1 1 c2 out 0=1 4=1',
  ]

  test('what a ReLU makes of it', async () => {
    const added = { params: { activation_type: 1 } }
    expect(told(await diagnosisOf(lines, { conv1: added }, inputs))).toEqual([
      ['conv1', 'parameter', expect.stringMatching(/it has no activation/)],
    ])
  })

  test('what a layer too many makes of it', async () => {
    const longer = lines.with(2, 'BinaryOp shift 1 1 x1 b1 0=0 1=1 2=0.1').toSpliced(2, 0, 'ReLU extra 1 1 c1 x1')
    const weights = randomWeights(paramOf(lines))
    using model = await load(longer, {}, weights)
    using exact = await load(lines, { precision: 'float64' }, weights)
    for (const reference of [exact, opaque(exact)]) {
      const referenceInputs = { [reference.inputs[0].name]: inputs.in }
      const diagnosis = await diagnose(model, reference, { inputs, referenceInputs })
      expect(told(diagnosis)).toEqual([['extra', 'graph', expect.stringMatching(/without extra/)]])
    }
  })
})

describe('readers of a blob are not blamed', () => {
  test('where the reference has an operation more, which only some of them read', async () => {
    const lines = [
      'Input in 0 1 in',
      'InnerProduct fc1 1 1 in f1 0=16 1=1 2=256',
      'InnerProduct fc2 1 1 f1 f2 0=16 1=1 2=256',
      'Split split 1 2 f2 x y',
      'LayerNorm norm 1 1 x n1 0=16 1=1.0e-5 2=0',
      'MultiHeadAttention attention 1 1 n1 m1 0=16 1=4 2=256',
      'BinaryOp add 2 1 y m1 s1',
      'LayerNorm norm2 1 1 s1 n2 0=16 1=1.0e-5 2=0',
      'InnerProduct fc3 1 1 n2 out 0=8 1=1 2=128',
    ]
    const shorter = lines.with(5, 'MultiHeadAttention attention 1 1 x m1 0=16 1=4 2=256').toSpliced(4, 1)
    const weights = randomWeights(paramOf(lines))
    using exact = await load(lines, { precision: 'float64' }, weights)
    using model = await load(shorter, {}, weights)
    const reference = opaque(exact)
    const tokens: Tensor = { data: image(5).data.slice(0, 192), shape: [12, 16], dtype: 'float32' }
    const diagnosis = await diagnose(model, reference, {
      inputs: { in: tokens },
      referenceInputs: { [reference.inputs[0].name]: tokens },
    })
    expect(told(diagnosis)).toMatchObject([
      [expect.stringMatching(/fc2|attention/), 'graph', expect.stringMatching(/the reference has an operation more/)],
    ])
  })
})

test('another operation that gives what a layer beside it gives is no operation too few', async () => {
  const lines = [
    'Input in 0 1 in',
    'Split split 1 2 in a b',
    'Convolution left 1 1 a l 0=8 1=3 4=1 5=1 6=216',
    'Convolution right 1 1 b r 0=8 1=3 4=1 5=1 6=216',
    'Split ls 1 2 l l1 l2',
    'Split rs 1 2 r r1 r2',
    'BinaryOp sub 2 1 l1 r1 s 0=1',
    'BinaryOp mul 2 1 l2 r2 m 0=2',
    'Concat cat 2 1 s m k 0=0',
    'Convolution conv1 1 1 k c1 0=16 1=3 4=1 5=1 6=2304 9=1',
    'Convolution conv2 1 1 c1 c2 0=16 1=3 4=1 5=1 6=2304 9=1',
    'Convolution conv3 1 1 c2 out 0=6 1=3 4=1 5=1 6=864',
  ]
  expect(told(await diagnosisOf(lines, { mul: { params: { op_type: 1 } } }, inputs))).toEqual([
    ['mul', 'parameter', expect.stringMatching(/it is mul/)],
  ])
})

test('rows of a matrix that are exchanged are weights, not an operation', async () => {
  const lines = ['Input in 0 1 in', 'InnerProduct fc 1 1 in f1 0=256 1=0 2=6144', 'ReLU relu 1 1 f1 out']
  using plain = await load(lines)
  const weight = (await plain.inspectLayer?.('fc'))?.weights[0]
  if (weight === undefined) throw new Error('there is no weight')
  const { data, ...tensor } = await weight.read()
  const rows = (data as Float32Array).slice()
  rows.copyWithin(24 * 98, 24 * 24, 24 * 25)
  rows.set((data as Float32Array).subarray(24 * 98, 24 * 99), 24 * 24)
  const changed = { weights: { weight_data: { ...tensor, data: rows } } }
  expect(told(await diagnosisOf(lines, { fc: changed }, { in: vector }))).toEqual([
    ['fc', 'weights', expect.stringMatching(/in another order/)],
  ])
})

test('layouts are learned of tensors in bfloat16, before a gross damage needs them', async () => {
  const lines = [
    'Input in 0 1 in',
    'InnerProduct fc 1 1 in f1 0=256 1=1 2=6144',
    'Reshape reshape 1 1 f1 r1 0=4 1=4 2=16',
    'Deconvolution up1 1 1 r1 u1 0=12 1=4 3=2 4=1 5=1 6=3072',
    'ReLU relu 1 1 u1 u2',
    'Deconvolution up2 1 1 u2 u3 0=8 1=4 3=2 4=1 5=1 6=1536 9=2 -23310=1,0.2',
    'InstanceNorm norm 1 1 u3 n1 0=0 1=1.0e-5 2=0',
    'Deconvolution up3 1 1 n1 u4 0=3 1=2 3=2 5=1 6=96',
    'TanH tanh 1 1 u4 out',
  ]
  const layouts = (model: Model): Model => {
    const inner = opaque(model)
    return {
      ...inner,
      run: async (given, options) => {
        const tensors = Object.entries(await inner.run(given, options))
        return Object.fromEntries(
          tensors.map(([name, one]) => [name, one.shape.length === 3 ? channelsLast(one) : one]),
        )
      },
    }
  }
  const none = { params: { activation_type: 0, activation_params: undefined } }
  const diagnosis = await diagnosisOf(
    lines,
    { up2: none },
    { in: vector },
    {
      options: { ncnn: { useBf16Storage: true } },
      as: layouts,
    },
  )
  expect(told(diagnosis)).toEqual([['up2', 'parameter', expect.stringMatching(/slope of negative values is 0.2/)]])
})

test('a layer of one output in a file of float16 is not blamed for what rounding does to it by chance', async () => {
  for (let width = 31; width < 40; width++) {
    const sizes = [
      [32, 24],
      [24, 32],
      [width, 24],
      [1, width],
    ] as const
    const lines = sizes.map(([outputs, count], i) => {
      const [from, to] = [i === 0 ? 'in' : `f${i}`, i === 3 ? 'out' : `f${i + 1}`]
      return `InnerProduct fc${i} 1 1 ${from} ${to} 0=${outputs} 1=1 2=${outputs * count} 9=${i < 2 ? 1 : 0}`
    })
    const network = ['Input in 0 1 in', ...lines]
    const random = randomFrom(width)
    const weights = sizes.flatMap(([outputs, count]) => [
      0,
      ...Array.from({ length: outputs * count }, () => normal(random) / Math.sqrt(count)),
      ...Array.from({ length: outputs }, () => 0.1 * normal(random)),
    ])
    const bin = new Uint8Array(Float32Array.from(weights).buffer)
    using exact = await load(network, { precision: 'float64' }, bin)
    using plain = await load(network, {}, bin)
    const rounded = await plain.variant?.({ weights: 'float16' })
    if (rounded === undefined) throw new Error('there is no variant')
    const { culprits, cause } = await diagnose(rounded, exact, { inputs: { in: vector } })
    expect([width, culprits, cause]).toEqual([width, [], 'fp16-weights'])
    rounded.close()
  }
})

describe('a recording of some tensors under other names', () => {
  const lines = [
    'Input in 0 1 in',
    'Convolution conv1 1 1 in c1 0=8 1=3 4=1 5=1 6=216',
    'BatchNorm bn1 1 1 c1 b1 0=8 1=1.0e-5',
    'ReLU relu1 1 1 b1 r1',
    'Split split 1 2 r1 x y',
    'Convolution conv2 1 1 x c2 0=8 1=3 4=1 5=1 6=576',
    'BatchNorm bn2 1 1 c2 b2 0=8 1=1.0e-5',
    'ReLU relu2 1 1 b2 r2',
    'BinaryOp add 2 1 y r2 s1 0=0',
    'Convolution conv3 1 1 s1 c3 0=8 1=3 4=1 5=1 6=576',
    'Swish swish 1 1 c3 w1',
    'LRN lrn 1 1 w1 l1 1=5 2=0.1',
    'Convolution conv4 1 1 l1 c4 0=6 1=3 4=1 5=1 6=432',
    'Pooling mean 1 1 c4 out 0=1 4=1',
  ]
  const random = randomFrom(4)
  const uniform = (count: number, size: number, middle = 0): number[] =>
    Array.from({ length: count }, () => middle + size * (2 * random() - 1))
  const convolution = (outputs: number, inputs: number): number[] => [
    0,
    ...uniform(9 * outputs * inputs, Math.sqrt(1 / (3 * inputs))),
    ...uniform(outputs, 0.1),
  ]
  const norm = (): number[] => [...uniform(8, 0.1, 1), ...uniform(8, 0.1), ...uniform(8, 0.5, 1), ...uniform(8, 0.1)]
  const bin = new Uint8Array(
    Float32Array.from([
      ...convolution(8, 3),
      ...norm(),
      ...convolution(8, 8),
      ...norm(),
      ...convolution(8, 8),
      ...convolution(6, 8),
    ]).buffer,
  )

  test.each<[cause: string, settings: VariantSettings]>([
    ['float32', {}],
    ['float32', { ncnn: { useWinogradConvolution: true } }],
    ['bf16-storage', { ncnn: { useBf16Storage: true } }],
    ['fp16-storage', { ncnn: { useFp16Storage: true } }],
    ['fp16-weights', { weights: 'float16' }],
  ])('blames nobody for %s, whichever they are', async (cause, settings) => {
    using plain = await load(lines, {}, bin)
    const model = await plain.variant?.(settings)
    if (model === undefined) throw new Error('there is no variant')
    using exact = await load(lines, { precision: 'float64' }, bin)
    const inner = ['c1', 'b1', 'r1', 'c2', 'b2', 'r2', 's1', 'c3', 'w1', 'l1', 'c4']
    for (let pick = 0; pick < trials(6); pick++) {
      const choose = randomFrom(pick)
      const kept = ['in', ...inner.filter(() => choose() < 0.3), 'out']
      const whole = opaque(exact)
      const names = kept.map((blob) => whole.blobs[exact.blobs.indexOf(blob)])
      const reference: Model = {
        ...whole,
        blobs: names,
        async run(given) {
          const tensors = await whole.run(given, { outputs: 'all' })
          return Object.fromEntries(names.map((name) => [name, tensors[name]]))
        },
      }
      const diagnosis = await diagnose(model, reference, {
        inputs,
        referenceInputs: { [reference.inputs[0].name]: inputs.in },
      })
      expect([kept, told(diagnosis)]).toEqual([kept, []])
      expect(['winograd', cause]).toContain(diagnosis.cause)
    }
    model.close()
  })
})

test('a Split that gives parts of what it reads, as in ONNX, hands nothing on', async () => {
  const lines = [
    'Input in 0 1 in',
    'Convolution conv1 1 1 in c1 0=8 1=3 4=1 5=1 6=216',
    'Slice slice 1 2 c1 x y -23300=2,4,4 1=0',
    'Convolution conv2 1 1 y c2 0=4 1=3 4=1 5=1 6=144',
    'BinaryOp add 2 1 x c2 out 0=0',
  ]
  using own = await load(lines)
  using exact = await load(lines, { precision: 'float64' })
  const model: Model = {
    ...own,
    layers: own.layers.map((layer) => (layer.type === 'Slice' ? { ...layer, type: 'Split' } : layer)),
    variant: undefined,
    inspectLayer: undefined,
  }
  const reference = opaque(exact)
  const referenceInputs = { [reference.inputs[0].name]: inputs.in }
  const diagnosis = await diagnose(model, reference, { inputs, referenceInputs })
  expect(diagnosis).toMatchObject({ verdict: 'grows evenly', culprits: [] })
  expect(diagnosis.layers.map(({ blob }) => blob)).toEqual(['c1', 'x', 'y', 'c2', 'out'])
})
