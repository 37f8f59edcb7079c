// docs/operators.md is what `npm run docs:operators` writes, and tells of every layer type.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { operatorsFile, operatorsPage } from '../../scripts/document-operators.ts'
import { layerTypes } from '../../src/runners/ncnn/engines/wasm/layer-types.ts'

test('docs/operators.md is up to date', async () => {
  expect(readFileSync(operatorsFile, 'utf8'), 'run `npm run docs:operators`').toBe(await operatorsPage())
})

test('every layer type has a row that says what it computes', () => {
  const rows = readFileSync(operatorsFile, 'utf8').split('\n')
  for (const type of layerTypes.keys()) {
    const row = rows.filter((line) => line.startsWith(`| **${type}** | `))
    expect(row, type).toHaveLength(1)
    expect(row[0].split(' | ')[1].length, type).toBeGreaterThanOrEqual(5)
  }
})
