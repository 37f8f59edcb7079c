// No layer keeps a view of memory that has grown, and none hands on memory that it did not write.
import { describe, expect, test } from 'vitest'
import { type Arena, createArena } from '../../../../../src/runners/ncnn/engines/wasm/memory/arena.ts'
import type { EngineOptions } from '../../../../../src/runners/ncnn/options.ts'
import type { Tensor } from '../../../../../src/tensor/tensor.ts'
import { type Fixture, readFixtures, runFixture } from '../../fixtures.ts'
import { bitsOf, haveSameBits } from '../../same-bits.ts'
import { modelOver, runInHostileMemory } from './hostile-memory.ts'

const { fixtures } = readFixtures()

/** Every bit is set: NaN as a float, -1 as an integer. Ordinary memory holds zeros, or what earlier models left. */
const poison = 0xff

const modes: Readonly<Record<string, Partial<EngineOptions>>> = {
  float32: {},
  float64: { precision: 'float64' },
  'fp16 storage and arithmetic': { ncnn: { useFp16Storage: true, useFp16Arithmetic: true } },
  'bf16 storage': { ncnn: { useBf16Storage: true } },
}

describe.each(Object.entries(modes))('%s: the same bits in memory that grows and holds garbage', (_, options) => {
  test.each(fixtures)('$name', (fixture) => expectSameBits(fixture, options))
})

describe('Winograd: the same bits in memory that grows and holds garbage', () => {
  const convolutions = fixtures.filter(({ layer }) => layer === 'Convolution')
  test.each(convolutions)('$name', (fixture) => expectSameBits(fixture, { ncnn: { useWinogradConvolution: true } }))
})

describe('weights on demand: the same bits in memory that grows and holds garbage, and all is given back', () => {
  const weighty = fixtures.filter(({ bin }) => bin.length > 0)
  test.each(weighty)('$name', (fixture) => expectSameBits(fixture, { weightsOnDemand: true }))
})

async function expectSameBits(fixture: Fixture, options: Partial<EngineOptions>): Promise<void> {
  const wanted = await runFixture(fixture, options)
  const all = await runInHostileMemory(fixture, options, poison)
  const found = Object.fromEntries(Object.keys(wanted).map((name) => [name, all[name]]))
  expect(layoutsOf(found)).toEqual(layoutsOf(wanted))
  const [foundBits, wantedBits] = [bitsOf(found), bitsOf(wanted)]
  if (haveSameBits(foundBits, wantedBits)) return
  // Numbers say more than bytes, if it is numbers that differ.
  expect(found).toEqual(wanted)
  expect(foundBits).toEqual(wantedBits)
}

const layoutsOf = (tensors: Readonly<Record<string, Tensor>>): string[] =>
  Object.entries(tensors).map(([name, { shape, dtype }]) => `${name}: ${dtype} [${shape}]`)

test('a failed run frees all that it took', async () => {
  const param = `7767517\n3 3\nInput a 0 1 a\nExp e 1 1 a b\ngrows g 1 1 b c\n`
  const arenas: Arena[] = []
  const arenaOver: typeof createArena = (...memory) => {
    const arena = createArena(...memory)
    arenas.push(arena)
    return arena
  }
  const fails = () => {
    throw new Error('no')
  }
  using model = await modelOver({ param, bin: new Uint8Array(0) }, { customLayers: { grows: fails } }, arenaOver)
  const [{ used }] = arenas
  await expect(model.run({ a: new Float32Array(1000) })).rejects.toThrow('no')
  expect(arenas[0].used).toBe(used)
})
