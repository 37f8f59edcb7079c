// What goes wrong between two runtimes, done to a tensor: for each cause the pair to compare, and what a true hint says.
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../../../src/tensor/half.ts'
import type { Tensor } from '../../../src/tensor/tensor.ts'
import { transpose } from '../../../src/tensor/transpose.ts'
import { float32, normal, type Random, type SceneKind, type TestScene } from './scenes.ts'

export interface Pair {
  readonly actual: Tensor
  readonly reference: Tensor
}

export interface Cause {
  readonly name: string
  /** The scenes in which it can happen. */
  readonly kinds: readonly SceneKind[]
  /** Undefined where the scene's shape does not allow it. */
  readonly apply: (scene: TestScene, random: Random) => Pair | undefined
  /** What a hint says that names it; undefined for causes that nobody can tell from the tensor. */
  readonly named?: RegExp
}

const everywhere: readonly SceneKind[] = [
  'image',
  'features',
  'activations',
  'embedding',
  'embeddings',
  'logits',
  'tokens',
  'spectrogram',
]
const signed = everywhere.filter((kind) => kind !== 'activations')
const maps: readonly SceneKind[] = ['image', 'features', 'activations']
const rows: readonly SceneKind[] = ['embeddings', 'logits', 'tokens']

const half = (x: number) => float16ToFloat32(float32ToFloat16(x))
const bfloat = (x: number) => bfloat16ToFloat32(float32ToBfloat16(x))

/** An element by its flat position. */
type At = (x: number, i: number) => number

const map = (tensor: Tensor, f: At): Tensor => float32(tensor.shape, (i) => f(Number(tensor.data[i]), i))

/** `actual` is the scene after `f`. */
function done(name: string, kinds: readonly SceneKind[], named: RegExp | undefined, f: At): Cause {
  return {
    name,
    kinds,
    ...(named && { named }),
    apply: ({ tensor }) => ({ actual: map(tensor, f), reference: tensor }),
  }
}

/** The reference is the scene after `f`, which `actual` lacks. */
function missing(name: string, kinds: readonly SceneKind[], named: RegExp, f: At): Cause {
  return { name, kinds, named, apply: ({ tensor }) => ({ actual: tensor, reference: map(tensor, f) }) }
}

function custom(
  name: string,
  kinds: readonly SceneKind[],
  named: RegExp | undefined,
  make: (tensor: Tensor, random: Random) => Tensor | undefined,
): Cause {
  return {
    name,
    kinds,
    ...(named && { named }),
    apply: ({ tensor }, random) => {
      const actual = make(tensor, random)
      return actual && { actual, reference: tensor }
    },
  }
}

const at = (tensor: Tensor, i: number) => Number(tensor.data[i])

const strideOf = ({ shape }: Tensor, axis: number) => shape.slice(axis + 1).reduce((product, n) => product * n, 1)

/** The index along an axis of the element at a flat position. */
const indexAlong = (tensor: Tensor, axis: number, i: number) =>
  Math.floor(i / strideOf(tensor, axis)) % (tensor.shape[axis] ?? 1)

/** Each element from another index of an axis; `otherwise` where that lies outside. */
function from(tensor: Tensor, axis: number, source: (index: number) => number, otherwise = 0): Tensor {
  const [length, stride] = [tensor.shape[axis] ?? 1, strideOf(tensor, axis)]
  return float32(tensor.shape, (i) => {
    const index = indexAlong(tensor, axis, i)
    const other = source(index)
    return other >= 0 && other < length ? at(tensor, i + (other - index) * stride) : otherwise
  })
}

const channelAxis = ({ shape }: Tensor) => shape.length - 3

function perChannel(name: string, named: RegExp, f: (x: number, channel: number) => number): Cause {
  return custom(name, ['image'], named, (tensor) => map(tensor, (x, i) => f(x, indexAlong(tensor, 0, i))))
}

/** Both sides behind a ReLU, before which `actual` went through `f`. */
function rectified(name: string, named: RegExp, f: (x: number, channel: number) => number): Cause {
  return {
    name,
    kinds: ['features'],
    named,
    apply: ({ tensor }) => ({
      actual: map(tensor, (x, i) => Math.max(0, f(x, indexAlong(tensor, channelAxis(tensor), i)))),
      reference: map(tensor, (x) => Math.max(0, x)),
    }),
  }
}

/** An image of twice the height and width, interpolated linearly. */
function doubled(tensor: Tensor, alignCorners: boolean): Tensor {
  const [height = 1, width = 1] = tensor.shape.slice(-2)
  const outer = tensor.shape.slice(0, -2)
  const source = (i: number, length: number) =>
    alignCorners ? (i * (length - 1)) / (2 * length - 1) : Math.min(length - 1, Math.max(0, (i + 0.5) / 2 - 0.5))
  return float32([...outer, 2 * height, 2 * width], (i) => {
    const [y, x] = [source(Math.floor(i / (2 * width)) % (2 * height), height), source(i % (2 * width), width)]
    const start = Math.floor(i / (4 * height * width)) * height * width
    const row = (index: number) => {
      const [left, right] = [Math.floor(x), Math.min(width - 1, Math.floor(x) + 1)]
      const begin = start + index * width
      return at(tensor, begin + left) * (1 - (x - left)) + at(tensor, begin + right) * (x - left)
    }
    const [top, bottom] = [Math.floor(y), Math.min(height - 1, Math.floor(y) + 1)]
    return row(top) * (1 - (y - top)) + row(bottom) * (y - top)
  })
}

const mean = [0.485, 0.456, 0.406]
const std = [0.229, 0.224, 0.225]
const raw = (x: number, channel: number) => 255 * (x * (std[channel] ?? 1) + (mean[channel] ?? 0))
const normalized = (pixel: number, channel: number) => (pixel / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1)

/** What `f` makes of each row along the last axis, or of each slice of `axes` leading axes. */
function perSlice(tensor: Tensor, axes: number, f: (slice: number[]) => readonly number[]): Tensor {
  const size = tensor.shape.slice(axes).reduce((product, n) => product * n, 1)
  const results = Array.from({ length: tensor.data.length / size }, (_, slice) =>
    f(Array.from({ length: size }, (_, i) => at(tensor, slice * size + i))),
  )
  return float32(tensor.shape, (i) => results[Math.floor(i / size)]?.[i % size] ?? 0)
}

const softmaxOf = (row: readonly number[]) => {
  const greatest = Math.max(...row)
  const exponentials = row.map((x) => Math.exp(x - greatest))
  const sum = exponentials.reduce((a, b) => a + b, 0)
  return exponentials.map((x) => x / sum)
}

const unit = (row: readonly number[]) => {
  const norm = Math.hypot(...row)
  return row.map((x) => x / norm)
}

const standardized = (row: readonly number[]) => {
  const middle = row.reduce((a, b) => a + b, 0) / row.length
  const deviation = Math.sqrt(row.reduce((sum, x) => sum + (x - middle) ** 2, 0) / row.length + 1e-5)
  return row.map((x) => (x - middle) / deviation)
}

function softmaxAlong(tensor: Tensor, axis: number): Tensor {
  const last = tensor.shape.length - 1
  const order = tensor.shape.map((_, i) => (i === axis ? last : i === last ? axis : i))
  const moved = transpose(tensor, order)
  return transpose(perSlice(moved, last, softmaxOf), order)
}

const gelu = (x: number) => {
  // an integral of the bell curve by Simpson's rule: slow, and independent of the hints' own formula
  const steps = 200
  let sum = 0
  for (let k = 0; k <= steps; k++) {
    const t = (k / steps) * x
    sum += (k === 0 || k === steps ? 1 : k % 2 === 1 ? 4 : 2) * Math.exp((-t * t) / 2)
  }
  return x * (0.5 + ((x / steps / 3) * sum) / Math.sqrt(2 * Math.PI))
}
const geluTanh = (x: number) => 0.5 * x * (1 + Math.tanh(0.7978845608028654 * (x + 0.044715 * x ** 3)))
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

function bothAfter(name: string, named: RegExp, f: (x: number) => number, g: (x: number) => number): Cause {
  return {
    name,
    kinds: ['features', 'tokens'],
    named,
    apply: ({ tensor }) => ({ actual: map(tensor, f), reference: map(tensor, g) }),
  }
}

function withGaps(tensor: Tensor, axes: number, multiple: number): Tensor | undefined {
  const size = tensor.shape.slice(axes).reduce((product, n) => product * n, 1)
  const step = Math.ceil(size / multiple) * multiple
  if (step === size || tensor.data.length / size < 3) return undefined
  return float32(tensor.shape, (i) => (i % step < size ? at(tensor, Math.floor(i / step) * size + (i % step)) : 0))
}

/** A frame of `width` elements, changed. */
function atBorder(tensor: Tensor, width: number, f: (x: number, i: number) => number): Tensor {
  const [y, x] = [tensor.shape.length - 2, tensor.shape.length - 1]
  const isAtEdge = (axis: number, i: number) => {
    const index = indexAlong(tensor, axis, i)
    return index < width || index >= (tensor.shape[axis] ?? 0) - width
  }
  return map(tensor, (value, i) => (isAtEdge(y, i) || isAtEdge(x, i) ? f(value, i) : value))
}

const deviations = new WeakMap<object, number>()

const deviationOf = ({ data }: Tensor): number => {
  const known = deviations.get(data)
  if (known !== undefined) return known
  const values = Array.from(data as Float32Array)
  const middle = values.reduce((a, b) => a + b, 0) / values.length
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - middle) ** 2, 0) / values.length)
  deviations.set(data, deviation)
  return deviation
}

const view = new DataView(new ArrayBuffer(8))

const largestOf = ({ data }: Tensor) => (data as Float32Array).reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** Each slice of an axis as the sum of all, with the weights of a row. */
function mixedAlong(tensor: Tensor, axis: number, matrix: readonly (readonly number[])[]): Tensor {
  const stride = strideOf(tensor, axis)
  return map(tensor, (_, i) => {
    const slice = indexAlong(tensor, axis, i)
    return (matrix[slice] ?? []).reduce((sum, weight, k) => sum + weight * at(tensor, i + (k - slice) * stride), 0)
  })
}

/** Labels from 0 on, the lower the more frequent. */
const classesOf = (tensor: Tensor, count: number): Tensor =>
  map(tensor, (x) => Math.min(count - 1, Math.floor((count * Math.abs(x)) / (2 * deviationOf(tensor)))))

/** Boxes in a picture, by two corners in the reference; undefined where there are few. */
function boxPair(tensor: Tensor, convert: (box: number[]) => readonly number[]): Pair | undefined {
  const count = Math.floor(tensor.data.length / 4)
  if (count < 24) return undefined
  const reference = float32([count, 4], (i) => {
    const start = 20 * Math.abs(at(tensor, i - (i % 4) + (i % 2)))
    return i % 4 < 2 ? start : start + 5 + 10 * Math.abs(at(tensor, i))
  })
  return { actual: perSlice(reference, 1, convert), reference }
}

export const causes: readonly Cause[] = [
  // preprocessing
  custom('BGR instead of RGB', ['image'], /axis 0 reversed.*BGR/, (t) => from(t, 0, (c) => 2 - c)),
  custom('BGR under RGB means', ['image'], /BGR/, (t) =>
    map(
      from(t, 0, (c) => 2 - c),
      (x, i) => normalized(raw(x, 2 - indexAlong(t, 0, i)), indexAlong(t, 0, i)),
    ),
  ),
  custom('mirrored', maps, /axis \d reversed/, (t) =>
    from(t, t.shape.length - 1, (x) => (t.shape.at(-1) ?? 1) - 1 - x),
  ),
  custom('upside down', maps, /axis \d reversed/, (t) =>
    from(t, t.shape.length - 2, (y) => (t.shape.at(-2) ?? 1) - 1 - y),
  ),
  custom('turned by 180 degrees', maps, /axes \d and \d reversed/, (t) => {
    const mirrored = from(t, t.shape.length - 1, (x) => (t.shape.at(-1) ?? 1) - 1 - x)
    return from(mirrored, t.shape.length - 2, (y) => (t.shape.at(-2) ?? 1) - 1 - y)
  }),
  perChannel('mean and std missing', /axis 0.*0: times 0\.229 plus 0\.485/, (x, c) => raw(x, c) / 255),
  perChannel('nothing done to the pixels', /axis 0.*times 58\.\d+ plus 123\.7/, raw),
  perChannel('mean missing', /axis 0.*plus 2\.118/, (x, c) => x + (mean[c] ?? 0) / (std[c] ?? 1)),
  perChannel('std missing', /times 0\.229/, (x, c) => x * (std[c] ?? 1)),
  perChannel('std multiplied', /times 0\.0524/, (x, c) => x * (std[c] ?? 1) ** 2),
  perChannel('normalized twice', /axis 0.*times 4\.367 plus -2\.118/, (x, c) => (x - (mean[c] ?? 0)) / (std[c] ?? 1)),
  perChannel('/255 missing', /not divided by 255/, (x, c) => (raw(x, c) - (mean[c] ?? 0)) / (std[c] ?? 1)),
  perChannel('/256', /256 instead of 255/, (x, c) => normalized((raw(x, c) * 255) / 256, c)),
  perChannel('means swapped', /axis 0/, (x, c) => (raw(x, c) / 255 - (mean[2 - c] ?? 0)) / (std[2 - c] ?? 1)),
  perChannel('range -1..1', /axis 0/, (x, c) => raw(x, c) / 127.5 - 1),
  // gains and offsets
  done('a gain', everywhere, /times 1\.7\b/, (x) => 1.7 * x),
  done('percent', everywhere, /times 100/, (x) => 100 * x),
  done('an offset', signed, /plus 0\.5\b/, (x) => x + 0.5),
  done('a sign', signed, /opposite sign/, (x) => -x),
  custom('bias of each channel', ['features'], /axis|axes/, (t, random) => {
    const biases = Array.from({ length: 64 }, () => normal(random))
    return map(t, (x, i) => x + (biases[indexAlong(t, channelAxis(t), i)] ?? 0))
  }),
  custom('scale of each channel', ['features'], /axis|axes/, (t, random) => {
    const scales = Array.from({ length: 64 }, () => 0.5 + random())
    return map(t, (x, i) => x * (scales[indexAlong(t, channelAxis(t), i)] ?? 1))
  }),
  rectified('bias before the ReLU missing', /plus 0\.3, with everything below 0/, (x) => x + 0.3),
  rectified('biases before the ReLU', /axis \d.*below 0 set to 0/, (x, channel) => x + Math.sin(7 * channel)),
  rectified('BatchNorm before the ReLU in training mode', /axis \d.*BatchNorm in training mode/, (x, channel) => {
    return (1.2 + 0.4 * Math.sin(5 * channel)) * x + 0.3 * Math.sin(7 * channel)
  }),
  custom('BatchNorm in training mode', ['features'], /axis|axes/, (t) => perSlice(t, channelAxis(t) + 1, standardized)),
  custom('LayerNorm of tokens missing', ['tokens', 'embeddings'], /axis 0.*(mean 0|Norm)/, (t) =>
    perSlice(t, 1, standardized),
  ),
  {
    name: 'l2 of each row missing',
    kinds: ['embeddings', 'tokens'],
    named: /axis 0.*normalize: 'l2'/,
    apply: ({ tensor }) => ({ actual: tensor, reference: perSlice(tensor, 1, unit) }),
  },
  {
    name: 'l2 missing',
    kinds: ['embedding'],
    named: /normalize: 'l2'/,
    apply: ({ tensor }) => ({ actual: map(tensor, (x) => 3 * x), reference: perSlice(tensor, 0, unit) }),
  },
  // operations
  {
    name: 'another slope of a leaky ReLU',
    kinds: ['features', 'embedding', 'logits', 'tokens'],
    named: /is negative, actual is it times 30, .*another slope/,
    apply: ({ tensor }) => ({
      actual: map(tensor, (x) => (x > 0 ? x : 0.3 * x)),
      reference: map(tensor, (x) => (x > 0 ? x : 0.01 * x)),
    }),
  },
  custom('pruned', ['features', 'embedding', 'logits', 'tokens'], /less than .* in magnitude.*threshold/, (t) => {
    const limit = 0.2 * deviationOf(t)
    return map(t, (x) => (Math.abs(x) < limit ? 0 : x))
  }),
  custom('weight decay', ['features', 'embedding', 'logits', 'tokens'], /times 0\.9999; beyond that they agree/, (t) =>
    map(t, (x) => 0.9999 * x),
  ),
  missing('ReLU missing', signed, /ReLU/, (x) => Math.max(0, x)),
  done('ReLU too many', signed, /ReLU/, (x) => Math.max(0, x)),
  custom('clip', ['features', 'embedding', 'logits', 'tokens'], /limited to/, (t) => {
    const limit = 1.2 * deviationOf(t)
    return map(t, (x) => Math.min(limit, Math.max(-limit, x)))
  }),
  custom('saturation from above', everywhere, /limited to at most/, (t) => {
    const limit = 1.5 * deviationOf(t) + Array.from(t.data as Float32Array).reduce((a, b) => a + b, 0) / t.data.length
    return map(t, (x) => Math.min(limit, x))
  }),
  done('abs', ['features', 'embedding', 'logits', 'tokens'], /abs/, Math.abs),
  missing('tanh missing', ['features', 'embedding', 'logits', 'tokens'], /tanh/, Math.tanh),
  missing('sigmoid missing', ['features', 'logits', 'tokens'], /sigmoid/, sigmoid),
  missing('GELU missing', ['features', 'tokens', 'logits'], /GELU/, gelu),
  missing('SiLU missing', ['features', 'tokens', 'logits'], /SiLU/, (x) => x * sigmoid(x)),
  missing('leaky ReLU missing', ['features', 'tokens'], /leaky ReLU \(slope 0\.1\)/, (x) => (x > 0 ? x : 0.1 * x)),
  done('exp', ['logits', 'spectrogram'], /exponential/, Math.exp),
  done('inverted', ['features', 'logits'], /1 minus it|opposite|line|times -1/, (x) => 1 - x),
  bothAfter('tanh form of GELU', /the tanh form of GELU/, geluTanh, gelu),
  bothAfter('SiLU instead of GELU', /SiLU.*GELU|GELU.*SiLU/, (x) => x * sigmoid(x), gelu),
  bothAfter('quick GELU', /quick GELU/, (x) => x * sigmoid(1.702 * x), gelu),
  bothAfter(
    'hard swish instead of SiLU',
    /hard swish/,
    (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5)),
    (x) => x * sigmoid(x),
  ),
  {
    name: 'softmax missing',
    kinds: ['logits'],
    named: /softmax/,
    apply: ({ tensor }) => ({ actual: tensor, reference: softmaxAlong(tensor, tensor.shape.length - 1) }),
  },
  {
    name: 'softmax over the channels missing',
    kinds: ['features'],
    named: /softmax over axis \d/,
    apply: ({ tensor }) => ({ actual: tensor, reference: softmaxAlong(tensor, channelAxis(tensor)) }),
  },
  {
    name: 'log-softmax instead of logits',
    kinds: ['logits'],
    named: /log-softmax/,
    apply: ({ tensor }) => ({
      actual: map(softmaxAlong(tensor, tensor.shape.length - 1), Math.log),
      reference: tensor,
    }),
  },
  {
    name: 'softmax over another axis',
    kinds: rows.filter((kind) => kind !== 'tokens'),
    named: /softmax over axis 0.*over axis 1/,
    apply: ({ tensor }) =>
      tensor.shape.length < 2 ? undefined : { actual: softmaxAlong(tensor, 0), reference: softmaxAlong(tensor, 1) },
  },
  {
    name: 'probabilities instead of log-probabilities',
    kinds: ['logits'],
    named: /exponential/,
    apply: ({ tensor }) => {
      const p = softmaxAlong(tensor, tensor.shape.length - 1)
      return { actual: p, reference: map(p, Math.log) }
    },
  },
  // places
  custom('another padding', ['features', 'activations'], /edges of axes/, (t, random) =>
    atBorder(t, Math.max(1, Math.round(Math.min(...t.shape.slice(-2)) / 12)), (x) => x + 0.5 * normal(random)),
  ),
  custom('padding counted in an average', ['features', 'activations'], /edges of axes/, (t) =>
    atBorder(t, 1, (x) => (x * 2) / 3),
  ),
  custom('a dead channel', ['features'], /slices? 5 of axis/, (t) =>
    map(t, (x, i) => (indexAlong(t, channelAxis(t), i) === 5 ? 0 : x)),
  ),
  custom('a wrong channel', ['features'], /slice 5 of axis/, (t, random) =>
    map(t, (x, i) => (indexAlong(t, channelAxis(t), i) === 5 ? x + normal(random) : x)),
  ),
  // geometry
  {
    name: 'align_corners',
    kinds: maps,
    named: /align_corners/,
    apply: ({ tensor }) => ({ actual: doubled(tensor, true), reference: doubled(tensor, false) }),
  },
  custom('cropped elsewhere', maps, /shifted by 2 along axis \d and by 2/, (t) => {
    const [y, x] = [t.shape.length - 2, t.shape.length - 1]
    if (Math.min(...t.shape.slice(-2)) < 12) return undefined
    return from(
      from(t, y, (i) => i - 2),
      x,
      (i) => i - 2,
    )
  }),
  // training mode
  custom('dropout of 0.3', everywhere, /dropout/, (t, random) => map(t, (x) => (random() < 0.3 ? 0 : x / 0.7))),
  custom('dropout of channels', ['features', 'activations'], /slices.*dropout/, (t, random) => {
    const kept = Array.from({ length: 64 }, () => random() > 0.3)
    return map(t, (x, i) => (kept[indexAlong(t, channelAxis(t), i)] ? x / 0.7 : 0))
  }),
  custom('dropout of 0.1', everywhere, /dropout/, (t, random) => map(t, (x) => (random() < 0.1 ? 0 : x / 0.9))),
  custom('elements lost', everywhere, /is 0 where/, (t, random) => map(t, (x) => (random() < 0.2 ? 0 : x))),
  // buffers
  custom('first row repeated', rows, /slice 0 of the reference/, (t) =>
    t.shape.length < 2 ? undefined : from(t, 0, () => 0),
  ),
  custom('rest of the batch zero', rows, /are all 0.*not written/, (t) =>
    t.shape.length < 2 ? undefined : from(t, 0, (i) => (i === 0 ? 0 : -1)),
  ),
  custom('truncated', everywhere, /are all 0.*not written/, (t) => map(t, (x, i) => (i < 0.6 * t.data.length ? x : 0))),
  custom('half stale', everywhere, /all errors lie in/, (t, random) =>
    map(t, (x, i) => (i < 0.55 * t.data.length ? x : deviationOf(t) * normal(random))),
  ),
  custom('start repeated', ['embedding', 'logits', 'spectrogram'], /again and again/, (t) =>
    t.data.length % 2 || t.shape.length > 1 ? undefined : map(t, (_, i) => at(t, i % (t.data.length / 2))),
  ),
  custom('two batch items exchanged', rows, /other places/, (t) =>
    t.shape.length < 2 ? undefined : from(t, 0, (i) => (i === 1 ? 3 : i === 3 ? 1 : i)),
  ),
  custom('rows off by one', rows, /other places|shifted by 1/, (t) =>
    t.shape.length < 2 ? undefined : from(t, 0, (i) => i - 1),
  ),
  custom('columns off by one', everywhere, /shifted by 1/, (t) => from(t, t.shape.length - 1, (i) => i - 1)),
  custom('two elements too far in memory', [...maps, ...rows], /shifted by 2/, (t) =>
    t.shape.length < 2 ? undefined : map(t, (_, i) => at(t, Math.max(0, i - 2))),
  ),
  custom('gaps between channels', maps, /gaps between/, (t) => withGaps(t, t.shape.length - 2, 16)),
  custom('gaps between rows', [...maps, 'spectrogram'], /gaps between/, (t) => withGaps(t, t.shape.length - 1, 8)),
  // order
  custom('transposed', ['features', 'image', 'embeddings', 'tokens', 'spectrogram'], /layout|same values/, (t) => {
    const rank = t.shape.length
    return {
      ...transpose(
        t,
        t.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i)),
      ),
      shape: t.shape,
    }
  }),
  custom('channels last under the shape of channels first', ['features', 'image'], /layout/, (t) => {
    const axes = t.shape.map((_, i) => i)
    const c = channelAxis(t)
    return { ...transpose(t, [...axes.slice(0, c), c + 1, c + 2, c]), shape: t.shape }
  }),
  custom('channels shuffled in groups', ['features'], /read as \[\d+, \d+\]/, (t) => {
    const [c, n] = [channelAxis(t), t.shape[channelAxis(t)] ?? 1]
    return from(t, c, (i) => (i % 4) * (n / 4) + Math.floor(i / 4))
  }),
  custom('an order without a name', ['embedding', 'logits', 'spectrogram'], /another order/, (t, random) => {
    const order = Array.from(t.data as Float32Array, (x) => [random(), x] as const).sort((a, b) => a[0] - b[0])
    return map(t, (_, i) => order[i]?.[1] ?? 0)
  }),
  // bits
  custom('float16 as integers', everywhere, /float16 read as 16-bit integers/, (t) => map(t, float32ToFloat16)),
  custom('float16 as bfloat16', everywhere, /float16 read as bfloat16/, (t) =>
    map(t, (x) => bfloat16ToFloat32(float32ToFloat16(x))),
  ),
  custom('bfloat16 as float16', everywhere, /bfloat16 read as float16/, (t) =>
    map(t, (x) => float16ToFloat32(float32ToBfloat16(x))),
  ),
  {
    name: 'bytes of int16 swapped',
    kinds: ['embedding', 'features', 'spectrogram'],
    named: /bytes of 16-bit integers swapped/,
    apply: ({ tensor }) => {
      const scale = 8000 / deviationOf(tensor)
      const reference = map(tensor, (x) => Math.max(-32768, Math.min(32767, Math.round(scale * x))))
      return { actual: map(reference, (x) => ((x << 24) >> 16) | ((x >> 8) & 0xff)), reference }
    },
  },
  custom('bytes swapped', everywhere, /bytes of float32 swapped/, (t) =>
    map(t, (x) => {
      view.setFloat32(0, x)
      return view.getFloat32(0, true)
    }),
  ),
  {
    name: 'int8 as uint8',
    kinds: signed,
    named: /int8 read as uint8/,
    apply: ({ tensor }) => {
      const step = largestOf(tensor) / 127
      const quantized = map(tensor, (x) => Math.round(x / step))
      return { actual: map(quantized, (x) => (x + 256) % 256), reference: quantized }
    },
  },
  {
    name: 'int64 as int32',
    kinds: ['logits', 'embedding', 'tokens'],
    named: /int64 read as int32/,
    apply: ({ tensor }) => {
      const ids = map(tensor, (x) => Math.round(50 * x))
      return {
        actual: map(ids, (_, i) => (i % 2 === 0 ? at(ids, i / 2) : at(ids, (i - 1) / 2) < 0 ? -1 : 0)),
        reference: ids,
      }
    },
  },
  // precision
  done('rounded to float16', everywhere, /rounded to float16/, half),
  done('rounded to bfloat16', everywhere, /rounded to bfloat16/, bfloat),
  custom('stored as float16', everywhere, /float16 number/, (t, random) =>
    map(t, (x) => half(x * (1 + 3e-4 * normal(random)))),
  ),
  custom('stored as bfloat16', everywhere, /bfloat16 number/, (t, random) =>
    map(t, (x) => bfloat(x * (1 + 2e-3 * normal(random)))),
  ),
  custom('int8 grid', everywhere, /quantized to int8/, (t) => {
    const step = largestOf(t) / 127
    return map(t, (x) => step * Math.round(x / step))
  }),
  custom('int8 grid, clipped', ['features', 'embedding', 'logits', 'tokens'], /quantized to int8/, (t) => {
    const step = (0.6 * largestOf(t)) / 127
    return map(t, (x) => step * Math.min(127, Math.max(-127, Math.round(x / step))))
  }),
  custom('not dequantized', signed, /not scaled back/, (t) => {
    const step = largestOf(t) / 127
    return map(t, (x) => Math.round(x / step))
  }),
  // non-finite
  custom('a channel of NaN', ['features'], /slice 3 of axis/, (t) =>
    map(t, (x, i) => (indexAlong(t, channelAxis(t), i) === 3 ? Number.NaN : x)),
  ),
  custom('two channels of NaN', ['features', 'activations'], /fill 2 slices of axis \d \(3, 6\)/, (t) =>
    map(t, (x, i) => ([3, 6].includes(indexAlong(t, channelAxis(t), i)) ? Number.NaN : x)),
  ),
  custom('a row of NaN', rows, /slice 2 of axis 0/, (t) =>
    t.shape.length < 2 ? undefined : map(t, (x, i) => (indexAlong(t, 0, i) === 2 ? Number.NaN : x)),
  ),
  done('all NaN', everywhere, /every element of actual is NaN/, () => Number.NaN),
  custom('0 / 0', ['activations'], /reference is 0: 0 \/ 0/, (t) => map(t, (x) => (x === 0 ? Number.NaN : x))),
  {
    name: 'float16 overflow',
    kinds: signed,
    named: /half precision/,
    apply: ({ tensor }) => {
      const gain = 2e5 / largestOf(tensor)
      const large = map(tensor, (x) => gain * x)
      return { actual: map(large, half), reference: large }
    },
  },
  done('dead output', everywhere, /every element of actual is 0/, () => 0),
  // sums of channels and columns
  custom(
    'YUV instead of RGB',
    ['image'],
    /is 0\.299 \[0\] \+ 0\.587 \[1\] \+ 0\.114 \[2\].*YUV, YCbCr of BT\.601/,
    (t) =>
      mixedAlong(t, 0, [
        [0.299, 0.587, 0.114],
        [-0.169, -0.331, 0.5],
        [0.5, -0.419, -0.081],
      ]),
  ),
  custom('grey in three channels', ['image'], /a grey picture/, (t) =>
    mixedAlong(
      t,
      0,
      Array.from({ length: 3 }, () => [0.2126, 0.7152, 0.0722]),
    ),
  ),
  custom('the matrix of another colour space', ['image'], /are sums of slices.*conversion/, (t) =>
    mixedAlong(t, 0, [
      [1.086, -0.0728, -0.0136],
      [0.0966, 0.8451, 0.0583],
      [-0.0146, -0.0272, 1.0418],
    ]),
  ),
  {
    name: 'boxes by centre and size',
    kinds: ['logits', 'tokens', 'spectrogram'],
    named: /2 is -\[0\] \+ \[2\].*boxes as the centre and the size/,
    apply: ({ tensor }) => boxPair(tensor, ([x = 0, y = 0, u = 0, v = 0]) => [(x + u) / 2, (y + v) / 2, u - x, v - y]),
  },
  {
    name: 'boxes by corner and size',
    kinds: ['logits', 'tokens', 'spectrogram'],
    named: /boxes as two corners.*instead of a corner and the size/,
    apply: ({ tensor }) => {
      const pair = boxPair(tensor, ([x = 0, y = 0, u = 0, v = 0]) => [x, y, u - x, v - y])
      return pair && { actual: pair.reference, reference: pair.actual }
    },
  },
  custom(
    'boxes of a head by corner and size',
    ['features'],
    /slices of axis \d.*boxes as a corner and the size/,
    (t) => {
      const [c, stride] = [channelAxis(t), strideOf(t, channelAxis(t))]
      return map(t, (x, i) => ([2, 3].includes(indexAlong(t, c, i)) ? x - at(t, i - 2 * stride) : x))
    },
  ),
  {
    name: 'complex numbers turned',
    kinds: ['tokens', 'logits', 'embeddings'],
    named: /turned by 28\.65 degrees/,
    apply: ({ tensor }) => {
      const reference = { ...tensor, shape: [tensor.data.length / 2, 2] }
      const [cos, sin] = [Math.cos(0.5), Math.sin(0.5)]
      const actual = mixedAlong(reference, 1, [
        [cos, -sin],
        [sin, cos],
      ])
      return { actual, reference }
    },
  },
  // softmax, on both sides
  {
    name: 'softmax twice',
    kinds: ['logits'],
    named: /probabilities already: a softmax was taken twice/,
    apply: ({ tensor }) => {
      const last = tensor.shape.length - 1
      const reference = softmaxAlong(tensor, last)
      return { actual: softmaxAlong(reference, last), reference }
    },
  },
  {
    name: 'scores not scaled before the softmax',
    kinds: ['logits', 'tokens', 'features'],
    named: /scores that differ by a factor.* are 8 times/,
    apply: ({ tensor }) => {
      const last = tensor.shape.length - 1
      return {
        actual: softmaxAlong(tensor, last),
        reference: softmaxAlong(
          map(tensor, (x) => x / 8),
          last,
        ),
      }
    },
  },
  {
    name: 'causal mask missing',
    kinds: ['tokens', 'features'],
    named: /behind the diagonal set to 0 \(a causal mask\)/,
    apply: ({ tensor }) => {
      const last = tensor.shape.length - 1
      const isAhead = (i: number) => indexAlong(tensor, last, i) > indexAlong(tensor, last - 1, i)
      return {
        actual: softmaxAlong(tensor, last),
        reference: softmaxAlong(
          map(tensor, (x, i) => (isAhead(i) ? -1e9 : x)),
          last,
        ),
      }
    },
  },
  {
    name: 'padding mask too many',
    kinds: ['logits', 'tokens', 'features'],
    named: /places \d+ to \d+ of the axis set to 0 \(a padding mask\).*the reference took the softmax without/,
    apply: ({ tensor }) => {
      const last = tensor.shape.length - 1
      const isPadding = (i: number) => indexAlong(tensor, last, i) >= 0.7 * (tensor.shape[last] ?? 1)
      return {
        actual: softmaxAlong(
          map(tensor, (x, i) => (isPadding(i) ? -1e9 : x)),
          last,
        ),
        reference: softmaxAlong(tensor, last),
      }
    },
  },
  // whole numbers
  {
    name: 'sums that wrap around',
    kinds: ['features', 'logits', 'tokens'],
    named: /by 2\^16 or multiples of it: actual wrapped around in a type of 16 bits/,
    apply: ({ tensor }) => {
      const sums = map(tensor, (x) => Math.round((80000 * x) / largestOf(tensor)))
      return { actual: map(sums, (x) => ((((x + 32768) % 65536) + 65536) % 65536) - 32768), reference: sums }
    },
  },
  {
    name: 'pixels that wrap around',
    kinds: ['image'],
    named: /reference is 255.*actual begins again from 0: it wraps around/,
    apply: ({ tensor }) => {
      const brighter = map(tensor, (x, i) => Math.round(raw(x, indexAlong(tensor, 0, i))) + 100)
      return { actual: map(brighter, (x) => x % 256), reference: map(brighter, (x) => Math.min(255, x)) }
    },
  },
  {
    name: 'two classes exchanged',
    kinds: ['features', 'tokens', 'spectrogram'],
    named: /1 is 3, 3 is 1; \d other values? agrees?/,
    apply: ({ tensor }) => {
      const ids = classesOf(tensor, 5)
      return { actual: map(ids, (id) => (id === 1 ? 3 : id === 3 ? 1 : id)), reference: ids }
    },
  },
  {
    name: 'another numbering of classes',
    kinds: ['features', 'tokens', 'spectrogram', 'logits'],
    named: /0 is 1, 1 is 2, 3 is 4,.*numbered in another way/,
    apply: ({ tensor }) => {
      const ids = classesOf(tensor, 30)
      return { actual: map(ids, (id) => (id === 2 ? 2 : id > 11 ? id + 2 : id + 1)), reference: ids }
    },
  },
  {
    name: 'cut off instead of rounded',
    kinds: ['features', 'tokens', 'logits'],
    named: /whole numbers, and actual is the reference or one less/,
    apply: ({ tensor }) => {
      const scaled = map(tensor, (x) => (40 * x) / deviationOf(tensor))
      return { actual: map(scaled, Math.floor), reference: map(scaled, Math.round) }
    },
  },
  {
    name: 'cast instead of rounded',
    kinds: ['features', 'tokens', 'logits'],
    named: /whole numbers, and actual is the reference or one nearer to 0/,
    apply: ({ tensor }) => {
      const scaled = map(tensor, (x) => (40 * x) / deviationOf(tensor))
      return { actual: map(scaled, Math.trunc), reference: map(scaled, Math.round) }
    },
  },
  {
    name: 'the whole number below',
    kinds: ['features', 'tokens', 'logits'],
    named: /actual is the reference after an operation: the whole number below it/,
    apply: ({ tensor }) => {
      const scaled = map(tensor, (x) => (5 * x) / deviationOf(tensor))
      return { actual: map(scaled, Math.floor), reference: scaled }
    },
  },
  // functions, signs, additions and places far away
  missing(
    'softsign missing',
    ['features', 'tokens', 'spectrogram'],
    /function of (actual|the reference)/,
    (x) => x / (1 + Math.abs(x)),
  ),
  bothAfter('tanh instead of sigmoid', /actual is a function of the reference/, Math.tanh, sigmoid),
  {
    name: 'a logarithm of something more',
    kinds: ['spectrogram', 'tokens'],
    named: /function of the reference/,
    apply: ({ tensor }) => ({
      actual: map(tensor, (x) => Math.log(Math.exp(x) + 1e-2)),
      reference: map(tensor, (x) => Math.log(Math.exp(x) + 1e-5)),
    }),
  },
  {
    name: 'quaternions of opposite sign',
    kinds: ['tokens', 'embeddings', 'logits'],
    named: /along axis 1.*or its opposite/,
    apply: ({ tensor }, random) => {
      const reference = perSlice({ ...tensor, shape: [tensor.data.length / 4, 4] }, 1, unit)
      const signs = Array.from({ length: tensor.data.length / 4 }, () => Math.sign(random() - 0.5))
      return { actual: map(reference, (x, i) => x * (signs[Math.floor(i / 4)] ?? 1)), reference }
    },
  },
  {
    name: 'position embedding missing',
    kinds: ['tokens', 'features', 'embeddings'],
    named: /same in every slice of axis 0.*varies along axes 1 and 2/,
    apply: ({ tensor }, random) => {
      const rows = Math.floor(tensor.data.length / 32)
      const reference = float32([4, rows, 8], (i) => at(tensor, i))
      const added = Array.from({ length: 8 * rows }, () => normal(random))
      return { actual: reference, reference: map(reference, (x, i) => x + (added[i % (8 * rows)] ?? 0)) }
    },
  },
  {
    name: 'a delay',
    kinds: ['tokens', 'features', 'spectrogram', 'logits'],
    named: /shifted by 80 along axis 0; the ends differ/,
    apply: ({ tensor }) => {
      const reference = { ...tensor, shape: [tensor.data.length] }
      return tensor.data.length < 400
        ? undefined
        : { actual: map(reference, (_, i) => (i < 80 ? 0 : at(tensor, i - 80))), reference }
    },
  },
  custom('a window that begins elsewhere', ['spectrogram'], /shifted by 30 along axis 0/, (t) =>
    from(t, 0, (i) => i - 30),
  ),
  // what the tensor does not tell
  custom('float16 weights', everywhere, undefined, (t, random) =>
    map(t, (x) => x + 3e-4 * deviationOf(t) * normal(random)),
  ),
  custom('bfloat16 storage', everywhere, undefined, (t, random) =>
    map(t, (x) => x + 4e-3 * deviationOf(t) * normal(random)),
  ),
  custom('float32 rounding', everywhere, undefined, (t, random) => map(t, (x) => x * (1 + 2e-6 * normal(random)))),
  custom('a tenth of noise', everywhere, undefined, (t, random) =>
    map(t, (x) => x + 0.1 * deviationOf(t) * normal(random)),
  ),
  custom('noise as large as the values', everywhere, undefined, (t, random) =>
    map(t, (x) => x + deviationOf(t) * normal(random)),
  ),
  custom('something unrelated', everywhere, undefined, (t, random) => map(t, () => deviationOf(t) * normal(random))),
  custom('a few wild elements', everywhere, undefined, (t, random) =>
    map(t, (x) => (random() < 0.01 ? 100 * normal(random) : x)),
  ),
  custom('blurred', maps, undefined, (t) => {
    const stride = strideOf(t, t.shape.length - 1)
    return map(t, (x, i) =>
      i < stride || i + stride >= t.data.length ? x : (at(t, i - stride) + x + at(t, i + stride)) / 3,
    )
  }),
  custom('heavy tails', everywhere, undefined, (t, random) =>
    map(t, (x) => x + 1e-3 * deviationOf(t) * Math.tan(Math.PI * (random() - 0.5))),
  ),
]
