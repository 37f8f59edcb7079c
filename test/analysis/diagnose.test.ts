import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AnalysisErrorCode } from '../../src/analysis/analysis-error.ts'
import { explainDiagnosis } from '../../src/explain/diagnosis.ts'
import { compareModels, diagnose } from '../../src/model-analysis.ts'
import type { LayerChange, Model, VariantSettings } from '../../src/runners/model.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { float16ToFloat32, float32ToFloat16 } from '../../src/tensor/half.ts'
import { asAnotherRuntime, channelsLast, image, loadSmallNetwork, param, weightBytes } from './small-network.ts'

let model: Model
let exact: Model
beforeAll(async () => {
  model = await loadSmallNetwork()
  exact = await loadSmallNetwork({ precision: 'float64' })
})
afterAll(() => {
  model.close()
  exact.close()
})

const inputs = { in: image() }

async function variantOf(settings: VariantSettings): Promise<Model> {
  const variant = await model.variant?.(settings)
  if (variant === undefined) throw new Error('there is no variant')
  return variant
}

async function weightOf(layer: string, name: string) {
  const weight = (await model.inspectLayer?.(layer))?.weights.find((one) => one.name === name)
  if (weight === undefined) throw new Error(`there is no weight ${name}`)
  return weight.read()
}

const scaled = async (layer: string, factor: number): Promise<LayerChange> => {
  const { data, ...tensor } = await weightOf(layer, 'weight_data')
  return {
    weights: { weight_data: { ...tensor, data: Float32Array.from(data as Float32Array, (value) => value * factor) } },
  }
}

/** One damage of one layer: what is done, and what is to be said of it. */
const damages: readonly (readonly [
  layer: string,
  change: LayerChange | (() => Promise<LayerChange>),
  cause: string,
  evidence: RegExp,
])[] = [
  [
    'conv1',
    { params: { pad_left: 2, pad_right: 0, pad_top: 1, pad_bottom: 1 } },
    'parameter',
    /pads .* are \(1, 1, 1, 1\) instead of \(2, 0, 1, 1\)/,
  ],
  ['conv1', { params: { activation_type: 0 } }, 'parameter', /its activation is a ReLU/],
  ['conv3', { params: { pad_value: 0.3 } }, 'parameter', /it pads with 0/],
  ['conv2', { params: { activation_params: [0.3] } }, 'parameter', /slope of 0.1|slope of negative values is 0.1/],
  ['bn', { params: { eps: 0.02 } }, 'parameter', /its eps is 1e-5 instead of 0.02/],
  ['add', { params: { op_type: 4 } }, 'parameter', /it is add/],
  ['act', { params: { alpha: 0.25 } }, 'parameter', /alpha is 0.2/],
  ['avg', { params: { pooling_type: 0 } }, 'parameter', /it takes the average/],
  ['avg', { params: { avgpool_count_include_pad: 1 } }, 'parameter', /avgpool_count_include_pad is 0/],
  ['tanh', { type: 'Sigmoid' }, 'parameter', /it is TanH/],
  [
    'conv3',
    () => scaled('conv3', 1.001),
    'weights',
    /in the weights|weight_data differs from the reference's weight_data by 2\^-\d+/,
  ],
  [
    'fc1',
    () => scaled('fc1', 1.0003),
    'weights',
    /in the weights|weight_data differs from the reference's weight_data by 2\^-\d+/,
  ],
]

describe('one damaged layer is named, with what is wrong with it', () => {
  test.each(damages)('%s %o', async (layer, change, cause, evidence) => {
    const damaged = await variantOf({ layers: { [layer]: typeof change === 'function' ? await change() : change } })
    for (const [reference, referenceInputs] of [
      [exact, inputs],
      [asAnotherRuntime(exact), { t1000: channelsLast(inputs.in) }],
    ] as const) {
      const diagnosis = await diagnose(damaged, reference, { inputs, referenceInputs })
      expect(diagnosis.verdict).toBe('layers')
      expect(diagnosis.culprits.map((culprit) => culprit.layer)).toEqual([layer])
      expect([diagnosis.cause, diagnosis.culprits[0].evidence]).toEqual([cause, expect.stringMatching(evidence)])
      expect(diagnosis.repair !== undefined).toBe(cause === 'parameter')
    }
    damaged.close()
  })

  test('two at once, the one that matters more first', async () => {
    const damaged = await variantOf({
      layers: { conv3: await scaled('conv3', 1.01), avg: { params: { pooling_type: 0 } } },
    })
    const { culprits, causes } = await diagnose(damaged, exact, { inputs })
    expect(culprits.map(({ layer }) => layer)).toEqual(['avg', 'conv3'])
    expect(causes.map(({ cause }) => cause)).toEqual(['parameter', 'weights'])
    damaged.close()
  })

  test('a repair repairs', async () => {
    const damaged = await variantOf({ layers: { avg: { params: { pooling_type: 0 } } } })
    const { repair } = await diagnose(damaged, exact, { inputs })
    const repaired = await damaged.variant?.(repair?.settings ?? {})
    expect(repaired && (await repaired.run(inputs))).toEqual(await model.run(inputs))
    damaged.close()
    repaired?.close()
  })

  test('weights of one layer in float16', async () => {
    const { data, ...tensor } = await weightOf('conv3', 'weight_data')
    const halves = Float32Array.from(data as Float32Array, (value) => float16ToFloat32(float32ToFloat16(value)))
    const damaged = await variantOf({ layers: { conv3: { weights: { weight_data: { ...tensor, data: halves } } } } })
    const { culprits, cause } = await diagnose(damaged, exact, { inputs })
    expect(culprits.map(({ layer }) => layer)).toEqual(['conv3'])
    expect(cause).toBe('fp16-weights')
    damaged.close()
  })
})

describe('a layer that ncnn alone makes narrower is named, with the switch', () => {
  test.each([
    ['useFp16Storage', 2, 'fp16-storage'],
    ['useBf16Storage', 4, 'bf16-storage'],
  ])('%s', async (name, mask, cause) => {
    const masks = Object.fromEntries(
      model.layers.flatMap((layer) => (layer.name === 'conv3' ? [] : [[layer.name, mask]])),
    )
    const reduced = await variantOf({ ncnn: { [name]: true }, masks })
    const diagnosis = await diagnose(reduced, exact, { inputs })
    expect(diagnosis.culprits.map(({ layer }) => layer)).toEqual(['conv3'])
    expect(diagnosis.cause).toBe(cause)
    expect(diagnosis.repair?.settings).toEqual({ ncnn: { [name]: false } })
    reduced.close()
  })
})

describe('nobody is blamed', () => {
  test('for rounding to float32', async () => {
    const diagnosis = await diagnose(model, asAnotherRuntime(exact), {
      inputs,
      referenceInputs: { t1000: channelsLast(inputs.in) },
    })
    expect(diagnosis).toMatchObject({ verdict: 'grows evenly', culprits: [], cause: 'float32' })
    expect(diagnosis.layers).toHaveLength(12)
    for (const { factor } of diagnosis.layers) expect(factor).toBeLessThan(5)
  })

  test('for tensors that have exchanged their names with others of their shape', async () => {
    const names: Readonly<Record<string, string>> = { s1: 'h1', h1: 's1' }
    const rename = (blob: string): string => names[blob] ?? blob
    const renumbered: Model = {
      ...exact,
      blobs: exact.blobs.map(rename),
      layers: exact.layers.map((layer) => ({
        ...layer,
        inputs: layer.inputs.map(rename),
        outputs: layer.outputs.map(rename),
      })),
      run: async (given) => {
        const tensors = await exact.run(given, { outputs: 'all' })
        return Object.fromEntries(Object.entries(tensors).map(([blob, tensor]) => [rename(blob), tensor]))
      },
    }
    const { culprits, layers } = await diagnose(model, renumbered, { inputs })
    expect(culprits).toEqual([])
    expect(layers.map(({ blob, counterpart }) => [blob, counterpart.name])).toContainEqual(['s1', 'h1'])
  })

  test('where nothing differs', async () => {
    expect(await diagnose(model, model, { inputs })).toMatchObject({ verdict: 'equal', culprits: [], cause: undefined })
  })

  test('where nothing differs, and nothing can be told from it', async () => {
    const param = '7767517\n2 2\nInput in 0 1 x\nNoop end 1 1 x y'
    using passing = await loadNcnn({ param, bin: new Uint8Array() })
    const diagnosis = await diagnose(passing, passing, { inputs: { x: [1, Number.NaN] } })
    expect(explainDiagnosis(diagnosis).verdict).toMatch(/the same outputs, to the last bit, and NaN among them/)
  })

  test.each([
    ['bf16-storage', { useBf16Storage: true }],
    ['fp16-storage', { useFp16Storage: true }],
    ['float32', { useWinogradConvolution: true }],
  ])('for %s', async (cause, ncnn) => {
    const reduced = await variantOf({ ncnn })
    const diagnosis = await diagnose(reduced, exact, { inputs })
    expect(diagnosis.culprits).toEqual([])
    expect([cause, 'winograd']).toContain(diagnosis.cause)
    reduced.close()
  })

  test('but the damaged one, where all layers store bfloat16', async () => {
    const reduced = await variantOf({ ncnn: { useBf16Storage: true }, layers: { conv3: { params: { pad_value: 1 } } } })
    const { culprits, cause } = await diagnose(reduced, exact, { inputs })
    expect(culprits.map(({ layer }) => layer)).toEqual(['conv3'])
    expect(cause).toBe('parameter')
    reduced.close()
  })
})

describe('inputs come first', () => {
  test.each([
    [
      'channels in reverse',
      (i: number, x: Float32Array) => x[(2 - Math.floor(i / 256)) * 256 + (i % 256)],
      /axis 0 is reversed \(RGB and BGR\)/,
    ],
    ['another scale', (i: number, x: Float32Array) => 0.9 * x[i], /0.9 times the reference$/],
    ['an offset', (i: number, x: Float32Array) => x[i] + 0.25, /the reference \+ 0.25$/],
    ['mirrored', (i: number, x: Float32Array) => x[i - (i % 16) + 15 - (i % 16)], /axis 2 is reversed/],
    ['another layout', (i: number, x: Float32Array) => x[(i % 3) * 256 + Math.floor(i / 3)], /another layout/],
    [
      'a scale for each channel',
      (i: number, x: Float32Array) => x[i] * (1 + Math.floor(i / 256)),
      /per channel the model's is 0: the reference; 1: 2 times/,
    ],
  ])('%s', async (_, change, evidence) => {
    const original = inputs.in.data as Float32Array
    const changed = { ...inputs.in, data: Float32Array.from(original, (__, i) => change(i, original)) }
    const diagnosis = await diagnose(model, exact, { inputs: { in: changed }, referenceInputs: inputs })
    expect(diagnosis).toMatchObject({ verdict: 'inputs differ', culprits: [], cause: 'input' })
    expect(diagnosis.causes[0].evidence).toMatch(evidence)
  })

  test('bytes in another layout than the shape says', async () => {
    const referenceInputs = { in: { ...inputs.in, shape: [16, 16, 3] } }
    const { verdict, causes } = await diagnose(model, exact, { inputs, referenceInputs })
    expect(verdict).toBe('inputs differ')
    expect(causes[0].evidence).toMatch(
      /the same elements in the same order, with the shapes \[3, 16, 16\] and \[16, 16, 3\]/,
    )
  })
})

describe('compareModels', () => {
  test('has a row for each layer, whatever the names and layouts', async () => {
    const damaged = await variantOf({ layers: { avg: { params: { pooling_type: 0 } } } })
    const { layers, outputs, pass, unmatched } = await compareModels(damaged, asAnotherRuntime(exact), {
      inputs,
      referenceInputs: { t1000: channelsLast(inputs.in) },
      atol: 1e-5,
    })
    expect(pass).toBe(false)
    expect(unmatched).toEqual([])
    expect(outputs[0].error).toBeGreaterThan(1e-3)
    expect(layers.map(({ layer }) => layer)).toEqual([
      'conv1',
      'dw',
      'bn',
      'add',
      'act',
      'avg',
      'conv2',
      'conv3',
      'mean',
      'fc1',
      'fc2',
      'tanh',
    ])
    const [conv1, , , , , avg, conv2] = layers
    expect(conv1.counterpart).toEqual({ name: 't1007', by: 'content', order: [2, 0, 1] })
    expect(avg.introduced).toBeGreaterThan(0.1)
    expect(conv2.inherited).toBeGreaterThan(0.05)
    expect(conv2.introduced).toBeLessThan(1e-6)
    damaged.close()
  })
})

describe('a reference that has only some tensors', () => {
  const kept = ['c1', 'h1', 'c3', 'out']
  const sparse = (): Model => ({
    ...exact,
    blobs: kept,
    inspectLayer: undefined,
    run: async (given) => exact.run(given, { outputs: kept }),
  })
  const between = ['dw', 'bn', 'add', 'act']

  test.each<[layer: string, change: LayerChange, evidence: RegExp]>([
    ['bn', { params: { eps: 0.02 } }, /its eps is 1e-5 instead of 0.02/],
    ['add', { params: { op_type: 4 } }, /it is add/],
    ['dw', { params: { pad_left: 2, pad_right: 0, pad_top: 1, pad_bottom: 1 } }, /its pads .* are \(1, 1, 1, 1\)/],
    ['act', { params: { alpha: 0.25 } }, /alpha is 0.2/],
  ])('still has the parameter of %s named, which no tensor shows alone', async (layer, change, evidence) => {
    const damaged = await variantOf({ layers: { [layer]: change } })
    const { culprits, repair } = await diagnose(damaged, sparse(), { inputs })
    expect(culprits).toMatchObject([{ layer, segment: [layer], blob: 'h1', cause: 'parameter' }])
    expect(culprits[0].evidence).toMatch(evidence)
    expect(repair?.after).toBeLessThan(1e-6)
    damaged.close()
  })

  test('has the segment named where no run shows which of its layers it is', async () => {
    const damaged = await variantOf({ layers: { dw: await scaled('dw', 1.01) } })
    const diagnosis = await diagnose(damaged, sparse(), { inputs })
    expect(diagnosis.culprits).toMatchObject([{ layer: 'act', segment: between, cause: 'weights' }])
    expect(String(diagnosis)).toContain('The models part between "dw" and "act", 4 layers: weights')
    expect(String(diagnosis)).toContain('dw .. act: weights, no change of a single parameter of its 4 layers')
    damaged.close()
  })

  test('has rounded weights named where they are', async () => {
    const { data, ...tensor } = await weightOf('dw', 'weight_data')
    const halves = Float32Array.from(data as Float32Array, (value) => float16ToFloat32(float32ToFloat16(value)))
    const damaged = await variantOf({ layers: { dw: { weights: { weight_data: { ...tensor, data: halves } } } } })
    const { culprits } = await diagnose(damaged, sparse(), { inputs })
    expect(culprits).toMatchObject([{ layer: 'dw', segment: ['dw'], cause: 'fp16-weights' }])
    damaged.close()
  })

  test('blames no segment for weights that are float16 throughout', async () => {
    const rounded = await variantOf({ weights: 'float16' })
    expect(await diagnose(rounded, sparse(), { inputs })).toMatchObject({
      verdict: 'grows evenly',
      culprits: [],
      cause: 'fp16-weights',
    })
    rounded.close()
  })
})

describe('a reference that has only its outputs', () => {
  const shortened = param
    .replace('14 15', '13 14')
    .replace('fc2 1 1 f1 f2', 'fc2 1 1 f1 out')
    .replace(/TanH.*\n/, '')
  const outputsOf = (reference: Model): Model => ({
    ...reference,
    blobs: ['out'],
    inspectLayer: undefined,
    run: (given) => reference.run(given, { outputs: ['out'] }),
  })

  test.each<[last: string, cause: string, evidence: RegExp]>([
    ['Softmax last 1 1 f2 out', 'graph', /^the softmax of actual is the reference/],
    ['BinaryOp last 1 1 f2 out 0=2 1=1 2=3.0', 'weights', /11 layers .*; actual is the reference times 0.3333333/],
  ])('shows that the model lacks %s', async (last, cause, evidence) => {
    const reference = await loadNcnn({ param: param.replace('TanH tanh 1 1 f2 out', last), bin: weightBytes() })
    const shorter = await loadNcnn({ param: shortened, bin: weightBytes() })
    const { culprits } = await diagnose(shorter, outputsOf(reference), { inputs })
    expect(culprits).toMatchObject([{ cause, evidence: expect.stringMatching(evidence) }])
    reference.close()
    shorter.close()
  })
})

test('weights that are the same do not hide that the reference has a softmax more at its end', async () => {
  const text = param.replace('TanH tanh 1 1 f2 out', 'Softmax last 1 1 f2 out')
  const reference = await loadNcnn({ param: text, bin: weightBytes() })
  const cut = text
    .replace('14 15', '13 14')
    .replace('fc2 1 1 f1 f2', 'fc2 1 1 f1 out')
    .replace(/Softmax.*\n/, '')
  const shorter = await loadNcnn({ param: cut, bin: weightBytes() })
  const kept = ['m1', 'out']
  const some = {
    ...reference,
    blobs: kept,
    run: (given: Parameters<Model['run']>[0]) => reference.run(given, { outputs: kept }),
  }
  const { culprits } = await diagnose(shorter, some, { inputs })
  expect(culprits).toMatchObject([
    { layer: 'fc2', cause: 'graph', evidence: expect.stringMatching(/^the softmax of actual/) },
  ])
  reference.close()
  shorter.close()
})

test('a layer too many is named, and left out for a repair', async () => {
  const text = param.replace('14 15', '15 16').replace('Pooling avg 1 1 h1', 'TanH extra 1 1 h1 h2\nPooling avg 1 1 h2')
  const longer = await loadNcnn({ param: text, bin: weightBytes() })
  const { culprits, cause, repair } = await diagnose(longer, exact, { inputs })
  expect([culprits.map(({ layer }) => layer), cause]).toEqual([['extra'], 'graph'])
  const repaired = await longer.variant?.(repair?.settings ?? {})
  expect(await repaired?.run(inputs)).toEqual(await model.run(inputs))
  longer.close()
  repaired?.close()
})

test('an operation that only the reference has is named with the layer of the segment that should read what it gives', async () => {
  const text = param.replace('14 15', '15 16').replace('Pooling avg 1 1 h1', 'TanH extra 1 1 h1 h2\nPooling avg 1 1 h2')
  const longer = await loadNcnn({ param: text, bin: weightBytes() }, { precision: 'float64' })
  const kept = ['c1', 'h1', 'h2', 'c3', 'out']
  const reference: Model = { ...longer, blobs: kept, run: async (given) => longer.run(given, { outputs: kept }) }
  const { culprits } = await diagnose(model, reference, { inputs })
  expect(culprits).toMatchObject([{ layer: 'avg', segment: ['avg'], blob: 'c3', cause: 'graph' }])
  expect(culprits[0].evidence).toMatch(/fed with the reference's h2 it agrees/)
  longer.close()
})

test('kernels that were transposed are weights in a wrong order', async () => {
  const { data, ...tensor } = await weightOf('conv3', 'weight_data')
  const transposed = (data as Float32Array).map((_, i, all) => {
    const [y, x] = [Math.floor((i % 9) / 3), i % 3]
    return all[i - (i % 9) + 3 * x + y]
  })
  const damaged = await variantOf({ layers: { conv3: { weights: { weight_data: { ...tensor, data: transposed } } } } })
  const reference: Model = {
    ...exact,
    inspectLayer: async (name) => {
      const details = await model.inspectLayer?.(name)
      if (details === undefined) throw new Error(`there is no layer ${name}`)
      const weights = details.weights.map((weight) =>
        weight.name === 'weight_data' && name === 'conv3' ? { ...weight, shape: [16, 12, 3, 3] } : weight,
      )
      return { ...details, weights }
    },
  }
  const { culprits } = await diagnose(damaged, reference, { inputs })
  expect(culprits).toMatchObject([{ layer: 'conv3', cause: 'weights' }])
  expect(culprits[0].evidence).toMatch(/weight_data in a wrong order/)
  damaged.close()
})

test('a reference that declares no shapes is fed with a batch axis, or without, if it refuses the other', async () => {
  const batched: Model = {
    ...exact,
    inputs: [{ name: 'in' }],
    run: async (given, options) => {
      const { in: like } = given as Record<string, typeof inputs.in>
      if (like.shape.length !== 4) throw new Error('expected 4 axes')
      return exact.run({ in: { ...like, shape: like.shape.slice(1) } }, options)
    },
  }
  expect(await diagnose(model, batched, { inputs })).toMatchObject({ verdict: 'grows evenly', cause: 'float32' })
  await expect(diagnose(model, batched, { inputs, referenceInputs: inputs })).rejects.toMatchObject({
    code: 'reference-failed',
    message: expect.stringContaining('cannot be run on in [3, 16, 16]: expected 4 axes'),
  })
})

describe('what cannot be compared', () => {
  const failure = (reference: Model, options: object = {}) =>
    expect(diagnose(model, reference, { inputs, ...options })).rejects
  const error = (code: AnalysisErrorCode, message: string) =>
    expect.objectContaining({ name: 'AnalysisError', code, message: expect.stringContaining(message) })

  test('a reference that takes other inputs', async () => {
    const other = { ...exact, inputs: [{ name: 'a' }, { name: 'b' }] }
    await failure(other).toEqual(
      error('wrong-input', 'the model is fed 1 tensors and the reference takes 2 (a, b): name them in referenceInputs'),
    )
    await failure(exact, { referenceInputs: { in: image(), b: [1] } }).toEqual(
      error('wrong-input', 'inputs has 1 tensors and referenceInputs 2'),
    )
  })

  test('a reference that gives nothing, or another network', async () => {
    await failure({ ...exact, run: async () => ({}) }).toEqual(
      error('not-comparable', 'gave no tensor of floats besides its inputs'),
    )
    const other = {
      ...exact,
      run: async () => ({ out: { data: new Float32Array(7), shape: [7], dtype: 'float32' as const } }),
    }
    await failure(other).toEqual(error('not-comparable', 'output "out" has no counterpart'))
  })

  test('options that do not exist, and pairs of what is not there', async () => {
    await failure(exact, { atoll: 1 }).toThrow("unknown option 'atoll'")
    await failure(exact, { pairs: { c9: 'c1' } }).toEqual(error('wrong-option', 'pairs: the model has no blob "c9"'))
    await failure(exact, { pairs: { c1: 'c9' } }).toEqual(
      error('wrong-option', 'pairs: the reference gave no tensor "c9"'),
    )
    await failure(exact, { inputs: {} }).toEqual(error('wrong-input', 'inputs: expected the tensors to feed by name'))
  })
})

describe('what is compared with another output than its own is told', () => {
  const network = (...lines: string[]) => {
    const text = ['Input in 0 1 in', 'Split split 1 2 in a b', ...lines]
    return loadNcnn({ param: `7767517\n${text.length} 9\n${text.join('\n')}\n`, bin: new ArrayBuffer(0) })
  }

  test.each([
    ['of the same names', (reference: Model) => reference],
    ['of other names and layouts', asAnotherRuntime],
  ])('the reference, %s, goes on behind the last layer', async (_, as) => {
    const short = await loadNcnn({
      param: param.replace(/^14 15/m, '13 14').replace(/^TanH.*\n/m, ''),
      bin: weightBytes(),
    })
    const reference = as(model)
    const referenceInputs = reference === model ? undefined : { [reference.inputs[0].name]: channelsLast(inputs.in) }
    const diagnosis = await diagnose(short, reference, { inputs, ...(referenceInputs && { referenceInputs }) })
    expect(diagnosis).toMatchObject({ verdict: 'layers', cause: 'graph' })
    expect(diagnosis.culprits.map(({ layer }) => layer)).toEqual(['fc2'])
    expect(diagnosis.culprits[0].evidence).toMatch(
      /^it gives the reference's \w+, .*the reference has an operation more behind it$/,
    )
  })

  test('outputs of the same names are exchanged', async () => {
    const own = await network('ReLU relu 1 1 a x', 'Sigmoid sigmoid 1 1 b y')
    const other = await network('ReLU relu 1 1 a y', 'Sigmoid sigmoid 1 1 b x')
    const diagnosis = await diagnose(own, other, { inputs })
    expect(diagnosis.outputs.map(({ name, reference }) => [name, reference])).toEqual([
      ['x', 'x'],
      ['y', 'y'],
    ])
    expect(diagnosis).toMatchObject({ verdict: 'layers', cause: 'graph' })
    expect(diagnosis.culprits.map(({ layer, evidence }) => [layer, evidence])).toEqual([
      ['relu', "it gives the reference's y, but is compared with x: name its counterpart in pairs"],
      ['sigmoid', "it gives the reference's x, but is compared with y: name its counterpart in pairs"],
    ])
  })
})

test('NaN in the weights is no overflow', async () => {
  const { data, ...tensor } = await weightOf('conv2', 'weight_data')
  const broken = Float32Array.from(data as Float32Array, (value, i) => (i === 5 ? Number.NaN : value))
  const damaged = await variantOf({ layers: { conv2: { weights: { weight_data: { ...tensor, data: broken } } } } })
  const { culprits } = await diagnose(damaged, exact, { inputs })
  expect(culprits.map(({ layer, cause, evidence }) => [layer, cause, evidence])).toEqual([
    ['conv2', 'weights', '1 element of its weight_data is NaN or infinite'],
  ])
})
