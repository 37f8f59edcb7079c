// The error of each layer in execution order, against what rounding explains.
import type { Layer } from '../report.ts'
import { area, caption, colours, escapeXml, logScale, polyline, round, svg, verticalAxis } from './svg.ts'

/** What is below has no place on a logarithmic axis, and no meaning. */
const least = 1e-12

export function drawLayers(layers: readonly Layer[]): string {
  const log10 = (error: number): number => Math.log10(Math.max(least, error))
  const errors = layers
    .flatMap(({ inherited, introduced, noise }) => [inherited, introduced, noise].map(Number))
    .filter((error) => Number.isFinite(error) && error > 0)
    .map(log10)
  const y = logScale(Math.floor(Math.min(...errors, -1)), Math.ceil(Math.max(...errors, 0)), area.bottom, area.top)
  const step = (area.right - area.left) / Math.max(1, layers.length - 1)
  const path = (errorOf: (layer: Layer) => number): (readonly [number, number])[] =>
    layers.flatMap((layer, i) => {
      const error = errorOf(layer)
      return Number.isFinite(error) ? [[area.left + i * step, y.at(log10(error))] as const] : []
    })
  const culprits = layers.flatMap((layer, i) => {
    if (!layer.blamed) return []
    const [x, at] = [area.left + i * step, y.at(log10(Number(layer.introduced)))]
    return [
      `<circle cx="${round(x)}" cy="${round(at)}" r="5" fill="${colours.bad}"><title>${escapeXml(layer.layer)}</title></circle>`,
    ]
  })
  return svg('Relative error by layer, in execution order, with what rounding explains', [
    verticalAxis(y),
    polyline(
      path(({ inherited }) => Number(inherited)),
      colours.text,
      'stroke-opacity="0.5"',
    ),
    polyline(
      path(({ noise }) => Number(noise)),
      colours.limit,
      'stroke-dasharray="5 3"',
    ),
    polyline(
      path(({ introduced }) => Number(introduced)),
      colours.data,
    ),
    ...culprits,
    caption('by layer: grey inherited, blue introduced, dashed rounding'),
  ])
}
