import { afterAll, beforeAll, expect, test } from 'vitest'
import { repairModel } from '../../src/model-analysis.ts'
import type { Model, VariantSettings } from '../../src/runners/model.ts'
import { ncnnOptionSets } from '../../src/runners/ncnn/index.ts'
import { image, loadSmallNetwork } from './small-network.ts'

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

async function repairOf(settings: VariantSettings, atol: number) {
  const damaged = await model.variant?.(settings)
  if (damaged === undefined) throw new Error('there is no variant')
  const repair = await repairModel(damaged, exact, { inputs, atol })
  damaged.close()
  return repair
}

const [wrongPooling, wrongOperator, wrongEps] = [
  { avg: { params: { pooling_type: 0 } } },
  { add: { params: { op_type: 4 } } },
  { bn: { params: { eps: 0.02 } } },
]

test('every culprit is repaired', async () => {
  const repair = await repairOf({ layers: { ...wrongPooling, ...wrongOperator, ...wrongEps } }, 1e-5)
  expect(repair?.kind).toBe('layer')
  expect(Object.keys(repair?.settings.layers ?? {}).sort()).toEqual(['add', 'avg', 'bn'])
  expect(repair?.what).toMatch(/layer "avg": it takes the average/)
  expect(repair?.outputs.every(({ comparison }) => comparison.pass)).toBe(true)
})

test('but no more of them than the tolerance asks for', async () => {
  const repair = await repairOf({ layers: { ...wrongPooling, ...wrongEps } }, 0.2)
  expect(Object.keys(repair?.settings.layers ?? {})).toEqual(['avg'])
})

test('besides, layers sum in float32, or options change', async () => {
  const masked = await repairOf({ layers: wrongPooling, ncnn: ncnnOptionSets.default }, 2e-4)
  expect(masked?.kind).toBe('masks')
  expect(masked?.settings).toEqual({ layers: { avg: expect.anything() }, masks: expect.anything() })
  expect(masked?.what).toMatch(/^layer "avg": it takes the average; sums in float32 \(31=1\) in \d+ layers?: /)
  const plain = await repairOf({ layers: wrongPooling, ncnn: { useBf16Storage: true } }, 1e-4)
  expect(plain?.kind).toBe('options')
  expect(plain?.settings).toMatchObject({ layers: { avg: {} }, ncnn: { useBf16Storage: false } })
})

test('nothing is changed without need, and nothing found where nothing helps', async () => {
  expect(await repairModel(model, exact, { inputs, atol: 1e-4 })).toMatchObject({ kind: 'none', settings: {} })
  expect(await repairModel(model, exact, { inputs, atol: 0 })).toBeUndefined()
})
