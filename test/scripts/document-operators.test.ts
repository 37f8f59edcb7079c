// docs/operators.md is what `npm run docs:operators` writes, and tells of every layer type.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operatorsFile, operatorsPage } from '../../scripts/document-operators.ts'
import { layerTypes } from '../../src/runners/ncnn/engines/wasm/layer-types.ts'
import { currentFormat } from '../../src/runners/ncnn/weights.ts'
import { readFixtures } from '../runners/ncnn/fixtures.ts'

test('docs/operators.md is up to date', async () => {
  expect(readFileSync(operatorsFile, 'utf8'), 'run `npm run docs:operators`').toBe(await operatorsPage())
})

test('the release that the engine follows is the one that computed the fixtures', () => {
  expect(readFixtures().ncnn).toBe(`1.0.${currentFormat.release}`)
})

test('every layer type has a row that says what it computes', () => {
  const rows = readFileSync(operatorsFile, 'utf8').split('\n')
  for (const type of layerTypes.keys()) {
    const row = rows.filter((line) => line.startsWith(`| **${type}** | `))
    expect(row, `rows of ${type}: run \`npm run docs:operators\``).toHaveLength(1)
    const computes = row[0].split(' | ')[1]
    expect(computes.length, `the doc comment above ${type} says what it computes`).toBeGreaterThanOrEqual(5)
  }
})
