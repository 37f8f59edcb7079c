// Int8 convolutions and the images they read against sums in plain integers.
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Activation, gemmScratchBytes } from '../../src/kernels/ncnn.ts'
import { toInt8 } from '../../src/runners/ncnn/engines/wasm/precision/int8.ts'
import { arenasOfForms, createArena, firstDifference, randomBytes, randomFloats } from './arena.ts'

interface Window {
  readonly inch: number
  readonly outch: number
  readonly output: readonly [h: number, w: number]
  readonly kernel: readonly [h: number, w: number]
  readonly stride: readonly [h: number, w: number]
  readonly dilation: readonly [h: number, w: number]
  /** Rows and columns that no tap reads. */
  readonly unread: readonly [h: number, w: number]
}

const sizeOf = ({ output, kernel, stride, dilation, unread }: Window): readonly [h: number, w: number] => {
  const along = (axis: 0 | 1) =>
    (output[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 + unread[axis]
  return [along(0), along(1)]
}

function sumsOf(x: Int8Array, filters: Int8Array, window: Window): Int32Array {
  const { inch, outch } = window
  const [[outH, outW], [kernelH, kernelW]] = [window.output, window.kernel]
  const [[strideH, strideW], [dilationH, dilationW]] = [window.stride, window.dilation]
  const [h, w] = sizeOf(window)
  const sums = new Int32Array(outch * outH * outW)
  let at = 0
  for (let p = 0; p < outch; p++) {
    for (let oy = 0; oy < outH; oy++) {
      for (let ox = 0; ox < outW; ox++) {
        let sum = 0
        let tap = p * inch * kernelH * kernelW
        for (let q = 0; q < inch; q++) {
          for (let ky = 0; ky < kernelH; ky++) {
            const row = (q * h + oy * strideH + ky * dilationH) * w + ox * strideW
            for (let kx = 0; kx < kernelW; kx++) sum += x[row + kx * dilationW] * filters[tap++]
          }
        }
        sums[at++] = sum
      }
    }
  }
  return sums
}

const [slope, low, high] = [0.1, -0.5, 3].map(Math.fround) as [number, number, number]
const activations = {
  none: [Activation.none, 0, 0, (v: number) => v],
  relu: [Activation.relu, 0, 0, (v: number) => Math.max(v, 0)],
  leakyRelu: [Activation.leakyRelu, slope, 0, (v: number) => (v > 0 ? v : Math.fround(v * slope))],
  clip: [Activation.clip, low, high, (v: number) => Math.min(Math.max(v, low), high)],
} as const

interface Finish {
  readonly activation: keyof typeof activations
  readonly biased: boolean
}

describe("Winograd's algorithm", () => {
  const arena = createArena()
  const { kernels } = arena
  afterEach(() => arena.reset())

  const sizeFor = (outch: number, inch: number, weight: number) =>
    kernels.int8WinogradSize({ filters: arena.putBytes(new Int8Array(outch * inch * 9).fill(weight)), outch, inch })

  test('is taken where it is exact, and as fast as it can be', () => {
    expect(sizeFor(12, 229, 127)).toBe(4)
    expect(sizeFor(12, 230, 127)).toBe(2)
    expect(sizeFor(12, 230, 126)).toBe(4)
    expect(sizeFor(512, 257, 1)).toBe(2)
    expect(sizeFor(12, 3669, 127)).toBe(2)
    expect(sizeFor(12, 3670, 127)).toBe(0)
    expect(sizeFor(3, 64, 1)).toBe(0)
    expect(sizeFor(64, 3, 1)).toBe(0)
  })

  test.each([
    [4, 229],
    [2, 3669],
  ])('sums bytes of the largest magnitudes exactly in tiles of %i: %i channels', (size, inch) => {
    const sum = inch * 9 * 127 * 128
    const [outch, output] = [4, size ** 2]
    const packed = arena.bytes(kernels.int8WinogradFilterBytes({ size, outch, inch }))
    const filters = new Int8Array(outch * inch * 9).map((_, i) => (i < 2 * inch * 9 ? -127 : 127))
    kernels.packInt8WinogradFilters({ size, filters: arena.putBytes(filters), outch, inch, packed })
    const sums = arena.floats(outch * output)
    kernels.int8WinogradRows({
      size,
      input: arena.putBytes(new Int8Array(inch * (size + 2) ** 2).fill(-128)),
      inch,
      h: size + 2,
      w: size + 2,
      packedFilters: packed,
      sums,
      outch,
      outH: size,
      outW: size,
      scales: arena.put([1, 1, 1, 1]),
      outputScale: 0,
      output: sums,
      firstRow: 0,
      rowCount: 1,
      scratch: arena.bytes(kernels.int8WinogradScratchBytes({ size, inch, outch, outH: size, outW: size })),
    })
    const expected = Float32Array.from({ length: outch * output }, (_, i) => (i < 2 * output ? sum : -sum))
    expect(firstDifference(arena.read(sums, outch * output), expected)).toBeUndefined()
  })
})

describe.each(await arenasOfForms())('$form kernels', ({ arena }) => {
  const { kernels } = arena
  afterEach(() => arena.reset())

  /** @param size of the tiles of Winograd's algorithm; 0 without it */
  function check(window: Window, { activation, biased }: Finish, seed: number, size = 0): void {
    const { inch, outch, output, kernel, stride, dilation } = window
    const [h, w] = sizeOf(window)
    const [taps, count] = [kernel[0] * kernel[1], outch * output[0] * output[1]]
    const [x, filters] = [randomBytes(inch * h * w, seed), randomBytes(outch * inch * taps, seed + 1)]
    const scales = randomFloats(outch, seed + 2).map((v) => v * 1e-3)
    const bias = randomFloats(outch, seed + 3)
    const [type, a, b, activate] = activations[activation]
    const outputScale = Math.fround(13.7)
    const expected = Float32Array.from(sumsOf(x, filters, window), (sum, i) => {
      const p = Math.floor((i * outch) / count)
      const scaled = Math.fround(Math.fround(sum) * (scales[p] ?? 0))
      return activate(biased ? Math.fround(scaled + (bias[p] ?? 0)) : scaled)
    })

    const source = arena.putBytes(filters)
    const packed = arena.bytes(
      size > 0
        ? kernels.int8WinogradFilterBytes({ size, outch, inch })
        : kernels.packedInt8FilterBytes({ outch, inch, taps }),
    )
    if (size > 0) kernels.packInt8WinogradFilters({ size, filters: source, outch, inch, packed })
    else kernels.packInt8Filters({ source, outch, inch, taps, packed })
    const [sums, bytes] = [arena.floats(count), arena.bytes(count)]
    const [outH, outW] = output
    const scratchBytes =
      size > 0 ? kernels.int8WinogradScratchBytes({ size, inch, outch, outH, outW }) : gemmScratchBytes
    const [image, factors] = [arena.putBytes(x), arena.put(scales)]
    const [offsets, scratch] = [biased ? arena.put(bias) : 0, arena.bytes(scratchBytes)]
    const run = (outputScale: number, y: number): void => {
      const call = {
        input: image,
        inch,
        h,
        w,
        packedFilters: packed,
        sums,
        outch,
        outH,
        outW,
        scales: factors,
        bias: offsets,
        activation: type,
        activationA: a,
        activationB: b,
        outputScale,
        output: y,
        scratch,
      }
      if (size > 0) kernels.int8WinogradRows({ ...call, size, firstRow: 0, rowCount: Math.ceil(outH / size) })
      else {
        kernels.int8Convolution({
          ...call,
          kernelH: kernel[0],
          kernelW: kernel[1],
          strideH: stride[0],
          strideW: stride[1],
          dilationH: dilation[0],
          dilationW: dilation[1],
        })
      }
    }
    run(outputScale, bytes)
    expect([...new Int8Array(arena.readBytes(bytes, count).buffer)]).toEqual(
      Array.from(expected, (v) => toInt8(Math.fround(v * outputScale))),
    )
    run(0, sums)
    expect(firstDifference(arena.read(sums, count), expected)).toBeUndefined()
    arena.reset()
  }

  const plain = { activation: 'none', biased: false } as const
  const unit = { stride: [1, 1], dilation: [1, 1], unread: [0, 0] } as const

  const pair = (max: number) => fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }))
  const finish = fc.record({
    activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
    biased: fc.boolean(),
  })

  test('have the sums of plain integers, whatever the window', () => {
    const window = fc.record({
      inch: fc.integer({ min: 1, max: 9 }),
      outch: fc.integer({ min: 1, max: 10 }),
      output: pair(19),
      kernel: pair(4),
      stride: pair(3),
      dilation: pair(3),
      unread: fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })),
    })
    fc.assert(
      fc.property(window, finish, fc.integer(), (shape, how, seed) => check(shape, how, seed)),
      { numRuns: 200 },
    )
  })

  test.each<Omit<Window, keyof typeof unit> & Partial<Window>>([
    { inch: 1100, outch: 70, output: [1, 9], kernel: [1, 1] },
    { inch: 3, outch: 5, output: [17, 31], kernel: [1, 1] },
    { inch: 130, outch: 66, output: [7, 7], kernel: [3, 3] },
    { inch: 61, outch: 9, output: [30, 30], kernel: [3, 3], stride: [2, 2] },
    { inch: 3, outch: 8, output: [4, 4], kernel: [16, 16], stride: [16, 16] },
    { inch: 3, outch: 4, output: [3, 9], kernel: [17, 19] },
    { inch: 513, outch: 40, output: [1, 1], kernel: [1, 1] },
    { inch: 2, outch: 3, output: [1, 300], kernel: [1, 5], dilation: [1, 2] },
  ])('across the blocks of columns, channels and taps: %o', (window) => check({ ...unit, ...window }, plain, 1))

  describe.each([2, 4])("Winograd's algorithm in tiles of %i", (size) => {
    const threeByThree = { ...unit, kernel: [3, 3] } as const

    test('has the sums of plain integers', () => {
      const shape = fc.record({
        inch: fc.integer({ min: 1, max: 18 }),
        outch: fc.integer({ min: 1, max: 9 }),
        output: pair(23),
      })
      const property = fc.property(shape, finish, fc.integer(), (window, how, seed) =>
        check({ ...threeByThree, ...window }, how, seed, size),
      )
      fc.assert(property, { numRuns: 60 })
    })

    test.each([
      { inch: 24, outch: 20, output: [61, 61] },
      { inch: 521, outch: 5, output: [3, 4] },
    ] as const)('across the blocks of tiles and channels: %o', (window) =>
      check({ ...threeByThree, ...window }, plain, 1, size),
    )
  })

  describe('the image of a convolution', () => {
    const side = fc.integer({ min: 1, max: 20 })
    const edge = fc.integer({ min: -3, max: 4 })

    test('is padded or cut, and quantised where it is float', () => {
      fc.assert(
        fc.property(side, side, edge, edge, edge, edge, fc.integer(), (h, w, top, left, bottom, right, seed) => {
          const [channels, pad, scale] = [3, -2, Math.fround(90.7)]
          const [windowH, windowW] = [top + h + bottom, left + w + right]
          fc.pre(windowH > 0 && windowW > 0)
          const floats = randomFloats(channels * h * w, seed)
          const bytes = Int8Array.from(floats, (v) => toInt8(Math.fround(v * scale)))
          const expected = Array.from({ length: channels * windowH * windowW }, (_, i) => {
            const [q, y, x] = [
              Math.floor(i / windowH / windowW),
              (Math.floor(i / windowW) % windowH) - top,
              (i % windowW) - left,
            ]
            return y < 0 || y >= h || x < 0 || x >= w ? pad : bytes[(q * h + y) * w + x]
          })
          const sources = [
            [arena.put(floats), 1],
            [arena.putBytes(bytes), 0],
          ] as const
          for (const [source, isFloat] of sources) {
            const window = arena.bytes(expected.length)
            kernels.int8Window({ source, isFloat, scale, channels, h, w, window, windowH, windowW, top, left, pad })
            expect([...new Int8Array(arena.readBytes(window, expected.length).buffer)]).toEqual(expected)
          }
          arena.reset()
        }),
      )
    })
  })
})
