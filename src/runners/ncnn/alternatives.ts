// What else a layer might be: the single changes by which conversions go wrong, one at a time. Parameters go by their documented names.
import { formatMagnitude } from '../../tensor/numbers.ts'
import type { LayerAlternative, LayerChange, ScalarRange } from '../variant.ts'
import type { GraphLayer } from './graph.ts'
import type { ParamSpecs, ParamValues } from './params.ts'

type Params = ParamValues<ParamSpecs>
type Values = LayerChange['params']

interface Family {
  /** Changes to one of a few other values. */
  alternatives?(params: Params, layer: GraphLayer): readonly LayerAlternative[]
  /** Numbers that may have any value. */
  scalars?(params: Params): readonly ScalarRange[]
  /** Gives nothing beyond two numbers. */
  limits?(least: number, most: number): LayerChange
}

const to = (what: string, params: Values): LayerAlternative => ({ what, change: { params } })
const number = (params: Params, name: string): number => Number(params[name])
const others = (current: number, values: readonly number[]): number[] => values.filter((value) => value !== current)

/** A number of its own parameter. */
const scalar =
  (name: string, least = -Infinity) =>
  (params: Params): ScalarRange => ({
    name,
    value: number(params, name),
    least,
    change: (value) => ({ params: { [name]: value } }),
  })

/** Element `index` of a list of numbers. */
const element = (name: string, index: number, what: string, params: Params): ScalarRange => {
  const values = params[name] as readonly number[]
  return {
    name: what,
    value: values[index],
    least: -Infinity,
    change: (value) => ({ params: { [name]: values.with(index, value) } }),
  }
}

const merged = (...families: readonly Family[]): Family => ({
  alternatives: (params, layer) => families.flatMap(({ alternatives }) => alternatives?.(params, layer) ?? []),
  scalars: (params) => families.flatMap(({ scalars }) => scalars?.(params) ?? []),
  limits: families.find(({ limits }) => limits !== undefined)?.limits,
})

const [none, relu, leakyRelu, clip, hardSwish] = [0, 1, 2, 3, 6]

/** `activation_type` of convolutions and InnerProduct. */
const fusedActivation: Family = {
  alternatives(params) {
    const current = number(params, 'activation_type')
    const kinds: readonly (readonly [what: string, type: number, values: readonly number[]])[] = [
      ['it has no activation', none, []],
      ['its activation is a ReLU', relu, []],
      ['its activation is a LeakyReLU of slope 0.1', leakyRelu, [0.1]],
      ['its activation is a ReLU6', clip, [0, 6]],
      ['its activation is a clip to -1 .. 1', clip, [-1, 1]],
      ['its activation is a sigmoid', 4, []],
      ['its activation is Mish', 5, []],
      ['its activation is HardSwish', hardSwish, [1 / 6, 0.5]],
    ]
    return kinds
      .filter(([, type]) => type !== current)
      .map(([what, type, values]) => to(what, { activation_type: type, activation_params: values }))
  },
  scalars(params) {
    switch (number(params, 'activation_type')) {
      // With a slope of 1 there is no activation.
      case none:
        return [slopeOfFused(1)]
      case relu:
        return [slopeOfFused(0)]
      case leakyRelu:
        return [slopeOfFused((params.activation_params as readonly number[])[0])]
      case clip:
        return ['the lower bound', 'the upper bound'].map((what, i) => element('activation_params', i, what, params))
      case hardSwish:
        return ['alpha', 'beta'].map((what, i) => element('activation_params', i, what, params))
      default:
        return []
    }
  },
  limits: (least, most) => ({ params: { activation_type: clip, activation_params: [least, most] } }),
}

const slopeOfFused = (value: number): ScalarRange => ({
  name: 'the slope of negative values',
  value,
  least: -Infinity,
  change: (slope) => ({ params: { activation_type: leakyRelu, activation_params: [slope] } }),
})

const [sameUpper, sameLower] = [-233, -234]

/** The padding of convolutions, moved from one side to the other. */
const pads: Family = {
  alternatives(params) {
    const [left, right] = [number(params, 'pad_left'), number(params, 'pad_right')]
    const [top, bottom] = [number(params, 'pad_top'), number(params, 'pad_bottom')]
    if (left === sameUpper || left === sameLower) {
      const other = left === sameUpper ? sameLower : sameUpper
      const what = `its padding is ${other === sameUpper ? 'SAME_UPPER' : 'SAME_LOWER'}`
      return [to(what, { pad_left: other, pad_right: undefined, pad_top: undefined, pad_bottom: undefined })]
    }
    return divisions(left, right, top, bottom).map(([l, r, t, b]) =>
      to(
        `its pads (left, right, top, bottom) are (${l}, ${r}, ${t}, ${b}) instead of (${left}, ${right}, ${top}, ${bottom})`,
        {
          pad_left: l,
          pad_right: r,
          pad_top: t,
          pad_bottom: b,
        },
      ),
    )
  },
}

/** Other ways to divide the same padding between both sides: of one axis, or of both alike. */
function divisions(left: number, right: number, top: number, bottom: number): [number, number, number, number][] {
  const [width, height] = [left + right, top + bottom]
  const found: [number, number, number, number][] = []
  for (let l = 0; l <= width; l++) {
    for (let t = 0; t <= height; t++) {
      if (l === left && t === top) continue
      if (l !== left && t !== top && !(width === height && l === t)) continue
      found.push([l, width - l, t, height - t])
    }
  }
  return found
}

const padValue: Family = {
  alternatives: (params) => (number(params, 'pad_value') === 0 ? [] : [to('it pads with 0', { pad_value: 0 })]),
  scalars: (params) =>
    Number(params.pad_left) !== 0 || Number(params.pad_top) !== 0 ? [scalar('pad_value')(params)] : [],
}

const convolution = merged(fusedActivation, pads, padValue)

/** Activations that are layers of their own, with the numbers that frameworks give them where ncnn's own are others. */
const activations: readonly (readonly [type: string, params?: Readonly<Record<string, number>>])[] = [
  ['ReLU'],
  ['Sigmoid'],
  ['TanH'],
  ['Swish'],
  ['HardSwish', { alpha: 1 / 6 }],
  ['HardSigmoid', { alpha: 1 / 6 }],
  ['HardSwish'],
  ['HardSigmoid'],
  ['GELU'],
  ['Mish'],
  ['ELU', { alpha: 1 }],
  ['ELU'],
  ['SELU'],
  ['Softplus'],
  ['Noop'],
]
const anotherActivation: Family = {
  alternatives: (_, { type }) =>
    activations
      .filter(([other]) => other !== type)
      .map(([other, params = {}]) => ({ what: nameOfActivation(other, params), change: { type: other, params } })),
}

function nameOfActivation(type: string, params: Readonly<Record<string, number>>): string {
  if (type === 'Noop') return 'it is left out'
  const given = Object.entries(params).map(([name, value]) => `${name} ${formatMagnitude(value)}`)
  return given.length === 0 ? `it is ${type}` : `it is ${type} with ${given.join(', ')}`
}

/** A ReLU whose slope may be any number: with 1 it hands on what it reads. */
const slopeOfNoop: ScalarRange = {
  name: 'the slope of negative values',
  value: 1,
  least: -Infinity,
  change: (slope) => ({ type: 'ReLU', params: { slope } }),
}

const operators = ['add', 'sub', 'mul', 'div', 'max', 'min', 'pow', 'rsub', 'rdiv', 'rpow']

const binaryOp: Family = {
  alternatives(params, { inputs }) {
    const current = number(params, 'op_type')
    const swapped =
      inputs.length === 2 ? [{ what: 'its operands are swapped', change: { inputs: [...inputs].reverse() } }] : []
    return [
      ...swapped,
      ...others(
        current,
        operators.map((_, i) => i),
      ).map((op) => to(`it is ${operators[op]}`, { op_type: op })),
    ]
  },
  scalars: (params) => (number(params, 'with_scalar') ? [scalar('b')(params)] : []),
}

/** What frameworks take where nobody says otherwise. */
const usualEpsilons = [1e-5, 1e-3, 1e-6, 1e-8, 1e-12, 0]

const epsilon: Family = {
  alternatives: (params) =>
    others(number(params, 'eps'), usualEpsilons.map(Math.fround)).map((eps) =>
      to(`its eps is ${formatMagnitude(eps)} instead of ${formatMagnitude(number(params, 'eps'))}`, {
        eps,
      }),
    ),
  scalars: (params) => [scalar('eps', 0)(params)],
}

const mostSwapped = 12

const concat: Family = {
  alternatives(params, { inputs }) {
    const axes = others(number(params, 'axis'), [0, 1, 2]).map((axis) => to(`its axis is ${axis}`, { axis }))
    if (inputs.length > mostSwapped) return axes
    const pairs = inputs.flatMap((_, a) => inputs.map((__, b) => [a, b] as const).filter(([i, j]) => i < j))
    return [
      ...pairs.map(([a, b]) => ({
        what: `inputs ${a} and ${b} are swapped`,
        change: { inputs: inputs.with(a, inputs[b]).with(b, inputs[a]) },
      })),
      ...axes,
    ]
  },
}

const recurrent: Family = {
  alternatives(params) {
    const direction = number(params, 'direction')
    return direction > 1 ? [] : [to(direction ? 'it runs forwards' : 'it runs backwards', { direction: 1 - direction })]
  },
}

const pooling: Family = {
  alternatives: (params) => [
    to(number(params, 'pooling_type') ? 'it takes the maximum' : 'it takes the average', {
      pooling_type: 1 - number(params, 'pooling_type'),
    }),
    to(`avgpool_count_include_pad is ${1 - number(params, 'avgpool_count_include_pad')}`, {
      avgpool_count_include_pad: 1 - number(params, 'avgpool_count_include_pad'),
    }),
    ...others(number(params, 'pad_mode'), [0, 1, 2, 3]).map((mode) => to(`pad_mode is ${mode}`, { pad_mode: mode })),
  ],
}

const interpModes = ['', 'nearest', 'bilinear', 'bicubic']

const interp: Family = {
  alternatives(params) {
    const [type, corner] = [number(params, 'resize_type'), number(params, 'align_corner')]
    return [1, 2, 3].flatMap((mode) =>
      [0, 1]
        .filter((align) => mode !== type || align !== corner)
        .map((align) =>
          to(`it is ${interpModes[mode]} with align_corner ${align}`, { resize_type: mode, align_corner: align }),
        ),
    )
  },
}

const axisOfMany: Family = {
  alternatives: (params) =>
    others(number(params, 'axis'), [0, 1, 2, 3]).map((axis) =>
      to(`its axis is ${axis} instead of ${params.axis}`, { axis, ...('fixbug0' in params && { fixbug0: 1 }) }),
    ),
}

const heads: Family = {
  alternatives(params) {
    const current = number(params, 'num_heads')
    return [current / 2, current * 2, current / 4, current * 4]
      .filter((count) => Number.isInteger(count) && count >= 1 && number(params, 'embed_dim') % count === 0)
      .map((count) => to(`it has ${count} heads instead of ${current}`, { num_heads: count }))
  },
  scalars: (params) => [scalar('scale')(params)],
}

const paddingModes = ['constant', 'replicate', 'reflect']

const padding: Family = {
  alternatives(params) {
    const [top, bottom] = [number(params, 'top'), number(params, 'bottom')]
    const [left, right] = [number(params, 'left'), number(params, 'right')]
    const modes = others(number(params, 'type'), [0, 1, 2]).map((type) =>
      to(`it pads by ${paddingModes[type]}`, { type }),
    )
    const sides = divisions(left, right, top, bottom).map(([l, r, t, b]) =>
      to(
        `its pads (left, right, top, bottom) are (${l}, ${r}, ${t}, ${b}) instead of (${left}, ${right}, ${top}, ${bottom})`,
        {
          left: l,
          right: r,
          top: t,
          bottom: b,
        },
      ),
    )
    return [...modes, ...sides]
  },
  scalars: (params) => (number(params, 'type') === 0 ? [scalar('value')(params)] : []),
}

const reduction: Family = {
  alternatives: (params) =>
    others(number(params, 'operation'), [0, 1, 2, 3, 4, 5]).map((operation) =>
      to(`it is ${['sum', 'asum', 'sumsq', 'mean', 'max', 'min'][operation]}`, { operation }),
    ),
  scalars: (params) => [scalar('coeff')(params)],
}

const eltwise: Family = {
  alternatives: (params) => [
    ...others(number(params, 'op_type'), [0, 1, 2]).map((op) =>
      to(`it is ${['prod', 'sum', 'max'][op]}`, { op_type: op }),
    ),
    ...((params.coeffs as readonly number[]).length > 0 ? [to('its coefficients are 1', { coeffs: undefined })] : []),
  ],
  scalars: (params) =>
    (params.coeffs as readonly number[]).map((_, i) => element('coeffs', i, `coefficient ${i}`, params)),
}

const flag = (name: string, off: string, on: string): Family => ({
  alternatives: (params) => [to(number(params, name) ? off : on, { [name]: 1 - number(params, name) })],
})

const alphaAndBeta: Family = { scalars: (params) => [scalar('alpha')(params), scalar('beta')(params)] }

const families: Readonly<Record<string, Family>> = {
  Convolution: convolution,
  ConvolutionDepthWise: convolution,
  Convolution1D: fusedActivation,
  ConvolutionDepthWise1D: fusedActivation,
  Deconvolution: fusedActivation,
  DeconvolutionDepthWise: fusedActivation,
  InnerProduct: fusedActivation,
  ReLU: merged(
    { alternatives: (params) => (number(params, 'slope') === 0 ? [] : [to('its slope is 0', { slope: 0 })]) },
    anotherActivation,
    {
      scalars: (params) => [{ ...scalar('slope')(params), name: 'the slope of negative values' }],
    },
  ),
  ELU: merged(anotherActivation, { scalars: (params) => [scalar('alpha')(params)] }),
  SELU: merged(anotherActivation, { scalars: (params) => [scalar('alpha')(params), scalar('lambda')(params)] }),
  GELU: merged(flag('fast_gelu', 'it is the exact GELU', 'it is the tanh form of GELU'), anotherActivation),
  HardSwish: merged(anotherActivation, alphaAndBeta),
  HardSigmoid: merged(anotherActivation, alphaAndBeta),
  Clip: {
    scalars: (params) => [scalar('min')(params), scalar('max')(params)],
    limits: (min, max) => ({ params: { min, max } }),
  },
  ...Object.fromEntries(['Sigmoid', 'TanH', 'Swish', 'Mish', 'Softplus'].map((type) => [type, anotherActivation])),
  Noop: merged(anotherActivation, {
    scalars: () => [slopeOfNoop],
    limits: (min, max) => ({ type: 'Clip', params: { min, max } }),
  }),
  BinaryOp: binaryOp,
  Eltwise: eltwise,
  Concat: concat,
  Pooling: pooling,
  Interp: interp,
  Padding: padding,
  Softmax: axisOfMany,
  Reduction: reduction,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  MultiHeadAttention: heads,
  ShuffleChannel: flag('reverse', 'it shuffles forwards', 'it shuffles in reverse'),
  PixelShuffle: flag('mode', 'its mode is 0', 'its mode is 1'),
  ...Object.fromEntries(
    ['BatchNorm', 'LayerNorm', 'GroupNorm', 'InstanceNorm', 'RMSNorm', 'MVN', 'Normalize'].map((type) => [
      type,
      epsilon,
    ]),
  ),
}

/** What else the layer might be, the likeliest first. */
export const alternativesOf = (layer: GraphLayer, params: Params): readonly LayerAlternative[] =>
  families[layer.type]?.alternatives?.(params, layer) ?? []

/** Numbers of the layer that may have any value. Those that are not given have no value to start from. */
export const scalarsOf = (layer: GraphLayer, params: Params): readonly ScalarRange[] =>
  (families[layer.type]?.scalars?.(params) ?? []).filter(({ value }) => Number.isFinite(value))

/** The change by which the layer gives nothing beyond two numbers; undefined for layers that cannot. */
export const limitsOf = ({ type }: GraphLayer): Family['limits'] => families[type]?.limits
