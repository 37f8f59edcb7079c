// What there is to see of one assertion.
import { drawHeatMap } from '../charts/heat-map.ts'
import { drawHistogram } from '../charts/histogram.ts'
import { drawLayers } from '../charts/layers.ts'
import { byContrast, drawProfile } from '../charts/profile.ts'
import { drawScatter } from '../charts/scatter.ts'
import { describeCriterion, describeError, describeGrowth, describeMargin } from '../describe.ts'
import { assertionMarkdown } from '../markdown.ts'
import type { Assertion } from '../report.ts'
import { element, picture } from './dom.ts'

/** Axes of more than these seldom say more. */
const mostProfiles = 3

export function details(assertion: Assertion): HTMLElement {
  const { failure } = assertion
  return element(
    'div',
    { class: 'details' },
    factsOf(assertion),
    ...(failure?.hints ?? []).map(({ message }) =>
      element('p', { class: 'hint' }, element('strong', {}, 'Hint '), message),
    ),
    failure?.message !== undefined && element('pre', { tabindex: 0 }, failure.message),
    charts(assertion),
    failure && copyButton(assertion),
  )
}

function factsOf(assertion: Assertion): HTMLElement {
  const { comparison, baseline, failure, caught, superseded, estimated, soft } = assertion
  const facts: [string, string][] = [
    ...(comparison
      ? ([
          ['tolerance', describeCriterion(comparison.criterion)],
          ['greatest error', describeError(Number(comparison.maxAbs))],
          ['compared', `${[...new Set(comparison.dtypes)].join(' with ')}, shape [${comparison.shape.join(', ')}]`],
          ['elements', `${comparison.mismatched} of ${comparison.total} miss the tolerance`],
        ] satisfies [string, string][])
      : []),
    ...(comparison?.failedMetrics ?? []).map(({ name, value, bound }): [string, string] => [
      name,
      `${value}, bound ${bound}`,
    ]),
    ...(baseline
      ? [
          [
            'in the baseline',
            `${describeMargin(Number(baseline.margin))} of the tolerance (${describeGrowth(Number(baseline.growth))} as much now)`,
          ] satisfies [string, string],
        ]
      : []),
  ]
  const notes = [
    caught && 'It failed, and its test passed all the same.',
    superseded && 'A later attempt of the test counts in its place.',
    soft && 'expect.soft: the test went on.',
    estimated && 'Estimated from a fingerprint: the tensor itself is not stored.',
    failure && failure.message === undefined && 'Of this many failures, only the worst keep their message and charts.',
  ].filter((note) => typeof note === 'string')
  return element(
    'div',
    {},
    element(
      'dl',
      {},
      ...facts.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
    ),
    notes.length > 0 && element('p', { class: 'note' }, notes.join(' ')),
  )
}

function charts({ comparison, failure }: Assertion): HTMLElement | undefined {
  const { pictures, layers } = failure ?? {}
  const drawn = [
    ...(layers && layers.length > 1 ? [drawLayers(layers)] : []),
    ...(pictures && comparison
      ? [
          // where no pair of finite elements differs, there is nothing but places to show
          ...(pictures.histogram.counts.length > 0
            ? [
                drawScatter(pictures.scatter, comparison.criterion),
                drawHistogram(pictures.histogram, comparison.criterion),
              ]
            : []),
          drawHeatMap(pictures.heatMap),
          ...pictures.profiles
            .filter(({ rmse }) => rmse.some((error) => error !== 0))
            .sort(byContrast)
            .slice(0, mostProfiles)
            .map(drawProfile),
        ]
      : []),
  ]
  return drawn.length > 0 ? element('div', { class: 'charts' }, ...drawn.map(picture)) : undefined
}

function copyButton(assertion: Assertion): HTMLElement {
  const words = assertionMarkdown(assertion)
  const place = element('div', {})
  const button = element(
    'button',
    {
      type: 'button',
      async click() {
        try {
          await navigator.clipboard.writeText(words)
          button.textContent = 'Copied'
        } catch {
          // where a page may not write to the clipboard, whoever reads it may
          const field = element('textarea', { readonly: true, rows: 12, 'aria-label': 'Markdown' })
          field.value = words
          button.replaceWith(field)
          field.select()
        }
      },
    },
    'Copy as Markdown',
  )
  place.append(button)
  return place
}
