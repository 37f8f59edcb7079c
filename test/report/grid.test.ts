import { expect, test } from 'vitest'
import { compareTensors } from '../../src/compare/compare-tensors.ts'
import { evidenceOf } from '../../src/outcomes/index.ts'
import { levelsOf, packGrid, packScatter, valueOfLevel } from '../../src/report/grid.ts'

test('what is packed comes back to within one step of 253 between the least and the greatest', () => {
  const values = [0, 1e-6, 3e-4, 0.5, 2, Infinity]
  const grid = packGrid(2, 3, values)
  expect(grid).toMatchObject({ rows: 2, columns: 3, least: 1e-6, greatest: 2 })
  const step = (2 / 1e-6) ** (1 / 253)
  levelsOf(grid).forEach((level, i) => {
    const value = valueOfLevel(level, grid)
    if (values[i] === 0 || values[i] === Infinity) expect(value).toBe(values[i])
    else expect(Math.abs(Math.log(value / values[i]))).toBeLessThan(Math.log(step))
  })
})

test('grids of nothing and of one value', () => {
  expect(packGrid(1, 2, [0, 0])).toEqual({ rows: 1, columns: 2, least: 0, greatest: 0, levels: btoa('\0\0') })
  const grid = packGrid(1, 2, [0, 7])
  expect(levelsOf(grid).map((level) => valueOfLevel(level, grid))).toEqual([0, 7])
})

test('the first row and column of a scatter are zero errors and zero references', () => {
  const evidence = evidenceOf(compareTensors([0, 1, 1], [0, 0, 1]))
  if (evidence === undefined) throw new Error('no evidence')
  const grid = packScatter(evidence.scatter)
  expect([grid.rows, grid.columns]).toEqual([2, 2])
  expect(levelsOf(grid).map((level) => valueOfLevel(level, grid))).toEqual([1, 1, 1, 0])
})
