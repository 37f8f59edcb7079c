// Every layer type is declared completely, and as ncnn has it; a message says which declaration is missing or wrong.
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { typeReadFrom, typesOfBlobs } from '../../../../../src/runners/ncnn/blob-types.ts'
import type { ElementType } from '../../../../../src/runners/ncnn/engines/wasm/layer.ts'
import { layerTypes } from '../../../../../src/runners/ncnn/engines/wasm/layer-types.ts'
import { inspectNcnn } from '../../../../../src/runners/ncnn/inspect.ts'
import { parseParamText } from '../../../../../src/runners/ncnn/param-text.ts'
import { readParams } from '../../../../../src/runners/ncnn/params.ts'
import { connect } from '../../../../../src/runners/ncnn/topology.ts'
import { type Fixture, readFixtures, runFixture } from '../../fixtures.ts'

const { fixtures, numbers } = readFixtures()

const declared = (name: string) => {
  const type = layerTypes.get(name)
  if (type === undefined) throw new Error(`${name} is not in layers/index.ts`)
  return type
}

const layerOf = ({ param, name, layer }: Fixture) => {
  const found = parseParamText(param, name).layers.find(({ type }) => type === layer)
  if (found === undefined) throw new Error(`${name} has no layer of type ${layer}`)
  return found
}

test('each file of layers/ declares the type of its name, and index.ts lists it', () => {
  const folder = new URL('../../../../../src/runners/ncnn/engines/wasm/layers/', import.meta.url)
  const files = readdirSync(folder).filter((file) => file !== 'index.ts')
  const fromFiles = files.map((file) => file.replace('.ts', '').replaceAll('-', ''))
  const fromIndex = [...layerTypes.keys()].map((name) => name.toLowerCase())
  expect(
    fromFiles.filter((name) => !fromIndex.includes(name)),
    'files whose type layers/index.ts does not export',
  ).toEqual([])
  expect(
    fromIndex.filter((name) => !fromFiles.includes(name)),
    'types without a file of their name',
  ).toEqual([])
})

describe('binaryId', () => {
  test('every number is given once, without gaps', () => {
    for (let id = 0; id < layerTypes.size; id++) {
      const owners = [...layerTypes.values()].filter(({ binaryId }) => binaryId === id).map(({ type }) => type)
      expect(owners, `types with binaryId ${id}: ${owners.join(', ') || 'none'}`).toHaveLength(1)
    }
  })

  test('the numbers are those of ncnn', () => {
    for (const [name, number] of Object.entries(numbers)) expect(declared(name).binaryId, name).toBe(number)
  })
})

describe('elements', () => {
  const topologyOf = ({ param, name }: Fixture) => connect(parseParamText(param, name))

  test.each(fixtures)('of $name are those that ncnn read and wrote', (fixture) => {
    const topology = topologyOf(fixture)
    const fed = new Map(Object.entries(fixture.inputs).map(([name, { dtype }]) => [name, dtype as ElementType]))
    for (const [name, dtype] of fed) expect(typeReadFrom(name, topology) ?? dtype, `${name} is read as`).toBe(dtype)
    const types = typesOfBlobs(topology, fed)
    for (const [name, { dtype }] of Object.entries(fixture.outputs)) {
      expect(types.get(name), `${name} is written as`).toBe(dtype)
    }
  })

  /** Input is fed, not run; a factor of 1 leaves Dropout nothing to do; Unfold pads with a float. */
  const exempt = ['Input', 'Dropout', 'Unfold']

  test.each(fixtures.filter(({ layer, inputs }) => Object.keys(inputs).length > 0 && !exempt.includes(layer)))(
    '$name moves integers only if it says so',
    async (fixture) => {
      const integers = Object.entries(fixture.inputs).map(
        ([name, { shape, data }]) => [name, { data: Int32Array.from(data, Number), shape, dtype: 'int32' }] as const,
      )
      const types = typesOfBlobs(topologyOf(fixture), new Map(integers.map(([name]) => [name, 'int32'])))
      const outputs = await runFixture({ ...fixture, inputs: Object.fromEntries(integers) }).catch(() => ({}))
      for (const [name, { dtype }] of Object.entries(outputs)) {
        if (dtype === 'int32') expect(types.get(name), `elements of ${fixture.layer}`).toBe('int32')
      }
    },
  )
})

describe('flops', () => {
  /** Layers that look numbers up in their weights, or hand them on. */
  const lookups = ['Embed', 'MemoryData']

  test.each(fixtures)('of $name are counted if it has weights that may be stored in 16 or 8 bits', (fixture) => {
    const type = declared(fixture.layer)
    const layer = layerOf(fixture)
    const weights = Object.values(type.weights?.(readParams(type.params, layer), layer) ?? {})
    if (
      weights.every((weight) => weight === undefined || weight.stored === 'float32') ||
      lookups.includes(fixture.layer)
    )
      return
    expect(type.flops, `flops of ${fixture.layer}`).toBeDefined()
  })

  test.each(fixtures.filter(({ layer }) => declared(layer).flops))('of $name are a number', async (fixture) => {
    const shapes = Object.entries(fixture.inputs).map(([name, { shape }]) => [name, shape])
    const { flops } = await inspectNcnn(fixture, { inputs: Object.fromEntries(shapes) })
    expect(flops).toBeGreaterThan(0)
    expect(flops).toSatisfy(Number.isInteger)
  })
})
