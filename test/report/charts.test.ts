// Charts as markup: well-formed, with a name for those who do not see them, and the marks where the numbers are.
import { expect, test } from 'vitest'
import { drawHeatMap } from '../../src/report/charts/heat-map.ts'
import { drawHistogram } from '../../src/report/charts/histogram.ts'
import { drawLayers } from '../../src/report/charts/layers.ts'
import { byContrast, drawProfile } from '../../src/report/charts/profile.ts'
import { drawScatter } from '../../src/report/charts/scatter.ts'
import { logScale, ticksOf } from '../../src/report/charts/svg.ts'
import { packGrid } from '../../src/report/grid.ts'
import type { HeatGrid, Layer, ScatterGrid } from '../../src/report/report.ts'

const count = (svg: string, part: string): number => svg.split(part).length - 1

/** Attributes of charts are all numbers that can be drawn. */
function expectDrawable(svg: string): void {
  expect(svg).toMatch(/^<svg [^>]*role="img" aria-label="[^"]+"/)
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
}

test('a scatter colours what misses the tolerance, on both sides of its line', () => {
  const axis = { first: -2, width: 1 }
  const grid: ScatterGrid = { ...packGrid(3, 3, [0, 1, 0, 5, 9, 0, 0, 2, 4]), reference: axis, error: axis }
  const svg = drawScatter(grid, { atol: 0.1, rtol: 0 })
  expectDrawable(svg)
  expect([count(svg, 'fill="var(--bad'), count(svg, 'fill="var(--data')]).toEqual([2, 3])
  expect(svg).toContain('<polyline')
  expectDrawable(drawScatter(grid, { atol: 'Infinity', rtol: 0 }))
  expectDrawable(drawScatter(grid, { atol: 0, rtol: 0 }))
  expectDrawable(drawScatter({ ...packGrid(1, 1, [3]), reference: axis, error: axis }, { atol: 1, rtol: 0 }))
})

test('a histogram shows even a single error, and the tolerance among them', () => {
  const svg = drawHistogram({ first: -6, counts: [1_000_000, 0, 1], zeros: 3 }, { atol: 1e-5 })
  expectDrawable(svg)
  expect(count(svg, 'height="1.5"')).toBe(2)
  expect(svg).toContain('stroke-dasharray')
  expectDrawable(drawHistogram({ first: 0, counts: [], zeros: 3 }, { atol: 0 }))
})

test('a heat map draws neighbours of one shade at once, and marks what is not finite', () => {
  const grid: HeatGrid = { ...packGrid(2, 4, [1, 1, 1, 0, 1e-3, 1, Infinity, 0]), axes: [0, 1], lengths: [2, 4] }
  const svg = drawHeatMap(grid)
  expectDrawable(svg)
  expect([count(svg, 'fill="var(--bad'), count(svg, 'fill="var(--limit')]).toEqual([3, 1])
  expectDrawable(drawHeatMap({ ...packGrid(1, 1, [0]), axes: [null, null], lengths: [1, 1] }))
})

test('profiles, those with a part that stands out first', () => {
  const even = { axis: 0, length: 4, rmse: [1, 1, 1, 1] }
  const one = { axis: 1, length: 4, rmse: [0, 0, 2, 0] }
  expect([even, one].sort(byContrast)).toEqual([one, even])
  expectDrawable(drawProfile(one))
  expectDrawable(drawProfile({ axis: 0, length: 2, rmse: [0, 'Infinity'] }))
})

test('layers: the culprit has a point and its name', () => {
  const layer: Layer = {
    layer: 'a & b',
    type: 'Convolution',
    inherited: 0,
    introduced: 1e-3,
    noise: 'NaN',
    blamed: true,
  }
  const svg = drawLayers([{ layer: 'c', type: 'ReLU', inherited: 1e-7, introduced: 0, noise: 1e-7 }, layer])
  expectDrawable(svg)
  expect(svg).toContain('<title>a &#38; b</title>')
})

test('ticks are whole powers of ten, and not too many', () => {
  expect(ticksOf(logScale(-2.5, 1.2, 0, 1))).toEqual([-2, -1, 0, 1])
  expect(ticksOf(logScale(-20, 20, 0, 1)).length).toBeLessThanOrEqual(7)
})
