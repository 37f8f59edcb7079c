// The table of assertions: sorted, filtered, searched, and drawn as far as it is read.
import { byWorst, isFailed, isNear, marginOf } from '../counts.ts'
import { describeError, describeGrowth, describeMargin, nameOfAssertion, nameOfTest, placeOf } from '../describe.ts'
import { hasGrown } from '../drift.ts'
import type { Assertion, Report } from '../report.ts'
import { details } from './details.ts'
import { element } from './dom.ts'

interface View {
  filter: string
  words: string
  order: keyof typeof orders
}

const byNumber =
  (numberOf: (assertion: Assertion) => number) =>
  (a: Assertion, b: Assertion): number =>
    rank(numberOf(b)) - rank(numberOf(a)) || 0

/** What has no number comes last; infinities must have a difference. */
const rank = (value: number): number => (Number.isNaN(value) ? -1 : Math.min(value, Number.MAX_VALUE))

const orders = {
  margin: byWorst,
  growth: byNumber(({ baseline }) => Number(baseline?.growth ?? Number.NaN)),
  error: byNumber(({ comparison }) => Number(comparison?.maxAbs ?? Number.NaN)),
  test: (a: Assertion, b: Assertion): number => compare(a.file, b.file) || compare(nameOfTest(a), nameOfTest(b)),
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const rowsAtOnce = 200

/** The controls and the table. */
export function assertionTable(report: Report): HTMLElement {
  const { assertions, drift } = report
  const [added, retuned] = [new Set(drift?.added), new Set(drift?.retuned)]
  const filters: Readonly<Record<string, (assertion: Assertion) => boolean>> = {
    All: () => true,
    Failed: isFailed,
    'Over half': isNear,
    ...(drift && {
      Grown: (assertion: Assertion) => hasGrown(assertion, drift.factor),
      New: ({ id }: Assertion) => added.has(id),
      'Other tolerance': ({ id }: Assertion) => retuned.has(id),
    }),
    ...(report.summary.unattributed > 0 && { 'Test unknown': ({ test }: Assertion) => test === null }),
    ...(assertions.some(({ caught, superseded }) => caught || superseded) && {
      'Not counted': ({ caught, superseded }: Assertion) => caught === true || superseded === true,
    }),
  }
  const searched = new Map(
    assertions.map((assertion) => [
      assertion,
      `${nameOfTest(assertion)} ${placeOf(assertion)} ${nameOfAssertion(assertion)}`.toLowerCase(),
    ]),
  )
  const view: View = { filter: 'All', words: '', order: 'margin' }
  const body = element('tbody', {})
  const status = element('p', { role: 'status', class: 'count' })
  const more = element('button', { type: 'button', class: 'more' }, 'Show more')
  let shown: readonly Assertion[] = []

  const extend = (): void => {
    const from = body.querySelectorAll('tr.row').length
    body.append(...shown.slice(from, from + rowsAtOnce).flatMap((assertion) => rowOf(assertion, drift !== undefined)))
    more.hidden = from + rowsAtOnce >= shown.length
  }
  const draw = (): void => {
    const words = view.words.toLowerCase().split(/\s+/).filter(Boolean)
    shown = assertions
      .filter(filters[view.filter])
      .filter((assertion) => words.every((word) => searched.get(assertion)?.includes(word)))
      .sort(orders[view.order])
    body.replaceChildren()
    extend()
    status.textContent = `${shown.length} of ${assertions.length} shown`
  }
  more.addEventListener('click', extend)

  const chips = Object.entries(filters).map(([name, holds]) => {
    const count = assertions.filter(holds).length
    return element(
      'button',
      { type: 'button', 'aria-pressed': String(name === view.filter), click: () => choose(name) },
      `${name} ${count}`,
    )
  })
  const choose = (name: string): void => {
    view.filter = name
    Object.keys(filters).forEach((other, i) => {
      chips[i].setAttribute('aria-pressed', String(other === name))
    })
    draw()
  }
  const search = element('input', {
    type: 'search',
    placeholder: 'Search tests, files, tensors',
    'aria-label': 'Search tests, files, tensors',
    input: () => {
      view.words = search.value
      draw()
    },
  })
  const headings = (
    [
      ['margin', 'Margin used'],
      ...(drift ? [['growth', 'Growth']] : []),
      ['test', 'Test'],
      ['error', 'Max error'],
    ] as const
  ).map(([order, name]) => {
    const heading = element('th', { scope: 'col', class: order })
    const button = element('button', { type: 'button', click: () => sort(order as View['order']) }, name)
    heading.append(button)
    return { order, heading }
  })
  const sort = (order: View['order']): void => {
    view.order = order
    for (const { order: own, heading } of headings) {
      if (own === order) heading.setAttribute('aria-sort', own === 'test' ? 'ascending' : 'descending')
      else heading.removeAttribute('aria-sort')
    }
    draw()
  }
  sort('margin')
  // the worst failure is what most readers came for
  const [worst] = shown
  if (worst !== undefined && isFailed(worst)) body.querySelector<HTMLButtonElement>('tr.row button')?.click()
  return element(
    'section',
    { 'aria-label': 'Assertions' },
    element(
      'div',
      { class: 'controls' },
      element('div', { class: 'chips', role: 'group', 'aria-label': 'Filter' }, ...chips),
      search,
    ),
    status,
    element('table', {}, element('thead', {}, element('tr', {}, ...headings.map(({ heading }) => heading))), body),
    more,
  )
}

function rowOf(assertion: Assertion, withGrowth: boolean): HTMLElement[] {
  const { comparison, baseline, status } = assertion
  const id = `details-${assertion.id}-${assertion.retry ?? 0}`
  const columns = withGrowth ? 4 : 3
  const panel = element('td', { colspan: columns })
  const opened = element('tr', { class: 'opened', id, hidden: true }, panel)
  const toggle = element(
    'button',
    {
      type: 'button',
      class: 'toggle',
      'aria-expanded': 'false',
      'aria-controls': id,
      click() {
        const opens = opened.hidden
        if (opens && panel.childElementCount === 0) panel.append(details(assertion))
        opened.hidden = !opens
        toggle.setAttribute('aria-expanded', String(opens))
      },
    },
    nameOfTest(assertion),
  )
  const growth = baseline ? Number(baseline.growth) : Number.NaN
  return [
    element(
      'tr',
      { class: `row ${isFailed(assertion) ? 'bad' : isNear(assertion) ? 'near' : ''}` },
      element('td', { class: 'margin' }, meter(assertion)),
      withGrowth && element('td', { class: 'growth' }, isSteady(growth) ? '' : describeGrowth(growth)),
      element(
        'td',
        { class: 'test' },
        toggle,
        element(
          'div',
          { class: 'where' },
          `${nameOfAssertion(assertion)} · ${placeOf(assertion)}${status === 'passed' ? '' : ` · ${statusOf(assertion)}`}`,
        ),
      ),
      element('td', { class: 'error' }, comparison ? describeError(Number(comparison.maxAbs)) : ''),
    ),
    opened,
  ]
}

/** Or of unknown growth. */
const isSteady = (growth: number): boolean => !(growth >= 1.2 || growth <= 0.8)

function statusOf({ status, superseded, caught }: Assertion): string {
  if (superseded) return `${status}, tried again`
  return caught ? `${status}, and its test passed` : status
}

/** A bar from nothing to the whole tolerance; what failed fills it. */
function meter(assertion: Assertion): HTMLElement {
  const margin = marginOf(assertion)
  const words = describeMargin(margin) || (assertion.status === 'passed' ? '' : assertion.status)
  if (Number.isNaN(margin)) return element('span', { class: 'meter' }, element('span', {}, words))
  const part = element('span', {})
  part.style.width = `${Math.min(100, 100 * margin)}%`
  const bar = element('span', { class: 'bar', 'aria-hidden': 'true' }, part)
  return element('span', { class: 'meter' }, element('span', {}, words), bar)
}
