// Tensors as networks take and give them, made up but of realistic sizes and distributions: what causes are tried on.
import type { Tensor } from '../../../src/tensor/tensor.ts'

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export type Random = () => number

export function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A number of the normal distribution. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

export function float32(shape: readonly number[], at: (i: number) => number): Tensor {
  const data = new Float32Array(shape.reduce((product, n) => product * n, 1))
  for (let i = 0; i < data.length; i++) data[i] = at(i)
  return { data, shape, dtype: 'float32' }
}

export type SceneKind =
  | 'image'
  | 'features'
  | 'activations'
  | 'embedding'
  | 'embeddings'
  | 'logits'
  | 'tokens'
  | 'spectrogram'

export interface TestScene {
  readonly name: string
  readonly kind: SceneKind
  readonly tensor: Tensor
}

/** Smooth noise over two axes: a sum of waves, with a share of white noise. */
function waves(random: Random, count: number): (y: number, x: number) => number {
  const parts = Array.from({ length: count }, (_, i) => ({
    y: normal(random) * (0.03 + 0.02 * i),
    x: normal(random) * (0.03 + 0.02 * i),
    phase: 6.28 * random(),
    size: normal(random) / (1 + 0.3 * i),
  }))
  return (y, x) => parts.reduce((sum, part) => sum + part.size * Math.sin(part.y * y + part.x * x + part.phase), 0)
}

/** Like a photo: smooth surfaces, edges, noise; channels that resemble each other; 8 bits, then `(x / 255 - mean) / std`. */
export function photo(random: Random, height: number, width: number): Tensor {
  const light = waves(random, 8)
  const tints = [waves(random, 4), waves(random, 4), waves(random, 4)]
  const [edgeY, edgeX] = [height * (0.3 + 0.4 * random()), width * (0.3 + 0.4 * random())]
  const [mean, std] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ]
  return float32([3, height, width], (i) => {
    const [channel, y, x] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width]
    const edge = (y > edgeY ? 30 : 0) + (x > edgeX ? -25 : 0)
    const tint = (tints[channel] as (y: number, x: number) => number)(y, x)
    const value = 120 + 35 * light(y, x) + 14 * tint + edge + 3 * normal(random)
    const pixel = Math.min(255, Math.max(0, Math.round(value)))
    return (pixel / 255 - (mean[channel] ?? 0)) / (std[channel] ?? 1)
  })
}

/** A feature map before its activation: each channel with a size and a mean of its own. */
function featureMap(random: Random, channels: number, height: number, width: number): Tensor {
  const maps = Array.from({ length: channels }, () => ({
    at: waves(random, 5),
    scale: 0.3 + random(),
    shift: normal(random),
  }))
  return float32([channels, height, width], (i) => {
    const map = maps[Math.floor(i / (height * width))]
    if (map === undefined) return 0
    return map.shift + map.scale * (map.at(Math.floor(i / width) % height, i % width) + 0.3 * normal(random))
  })
}

const mapped = (tensor: Tensor, f: (x: number) => number): Tensor =>
  float32(tensor.shape, (i) => f(Number(tensor.data[i])))

function unitRows(tensor: Tensor): Tensor {
  const width = tensor.shape.at(-1) ?? 1
  const norms = Array.from({ length: tensor.data.length / width }, (_, row) =>
    Math.sqrt(
      Array.from({ length: width }, (_, i) => Number(tensor.data[row * width + i]) ** 2).reduce((a, b) => a + b, 0),
    ),
  )
  return float32(tensor.shape, (i) => Number(tensor.data[i]) / (norms[Math.floor(i / width)] ?? 1))
}

/** Scenes of one seed; `scale` 1 for the sizes of real networks, less for tests. */
export function scenes(seed: number, scale = 1): TestScene[] {
  const random = randomFrom(seed)
  const size = (n: number) => Math.max(6, Math.round(n * scale))
  const bell = (shape: readonly number[], spread = 1, middle = 0) =>
    float32(shape, () => middle + spread * normal(random))
  const sizes = Array.from({ length: 96 }, () => Math.exp(0.7 * normal(random)))
  return [
    { name: 'photo', kind: 'image', tensor: photo(random, size(224), size(224)) },
    { name: 'wide photo', kind: 'image', tensor: photo(random, size(120), size(160)) },
    { name: 'features', kind: 'features', tensor: featureMap(random, 32, size(28), size(28)) },
    {
      name: 'features of a batch',
      kind: 'features',
      tensor: { ...featureMap(random, 24, size(20), size(26)), shape: [2, 12, size(20), size(26)] },
    },
    {
      name: 'behind ReLU',
      kind: 'activations',
      tensor: mapped(featureMap(random, 24, size(28), size(20)), (x) => Math.max(0, x - 0.3)),
    },
    { name: 'embedding', kind: 'embedding', tensor: bell([192], 14) },
    { name: 'unit embedding', kind: 'embedding', tensor: unitRows(bell([512])) },
    { name: 'embeddings', kind: 'embeddings', tensor: bell([8, 128], 3) },
    { name: 'logits', kind: 'logits', tensor: bell([1000], 2.2, -0.4) },
    { name: 'logits of a batch', kind: 'logits', tensor: bell([6, 40], 3) },
    { name: 'tokens', kind: 'tokens', tensor: float32([size(50), 96], (i) => (sizes[i % 96] ?? 1) * normal(random)) },
    {
      name: 'spectrogram',
      kind: 'spectrogram',
      tensor: mapped(bell([80, size(101)], 2.5, -6), (x) => Math.max(x, -13)),
    },
  ]
}
