// The page of a report, as its readers use it: mouse, keyboard, phone, night.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { compareWithBaseline } from '../../../src/report/drift.ts'
import { renderPage } from '../../../src/report/html/page.ts'
import { type OpenedPage, openPage, type Page } from '../../browser/open-page.ts'
import { chromium } from '../../browser/project.ts'
import { recordOfUse, recordWith, reportOf } from '../sample.ts'

const reference = Float32Array.from({ length: 2048 }, (_, i) => Math.sin(i * i) * 10 ** (i % 5))
const shaped = (data: Float32Array) => ({ data, shape: [4, 8, 64] })
const worst = recordOfUse(
  () => expect(shaped(reference.map((x) => 1.01 * x))).toMatchTensor(shaped(reference), { atol: 1e-2 }),
  { test: ['a suite', `a test of a name that is long: ${'voiceprint_'.repeat(20)}`] },
)
const passing = Array.from({ length: 450 }, (_, i) => recordWith(((i * 37) % 450) / 1000, { test: [`passes ${i}`] }))
const records = [recordWith(0.75, { test: ['near'] }), ...passing, worst, recordWith(3, { test: ['fails, too'] })]
const report = compareWithBaseline(reportOf(records), reportOf([recordWith(0.25, { test: ['near'] })]), { factor: 2 })

const address = 'http://localhost/report.html'

describe.skipIf(chromium === undefined)('the page of a report', () => {
  let opened: OpenedPage
  let page: Page
  const seen: string[] = []
  beforeAll(async () => {
    opened = await openPage()
    page = opened.page
    for (const event of ['console', 'pageerror'] as const)
      page.on(event, (what) => seen.push(`${event} ${String(what)}`))
    page.on('request', (request) => seen.push((request as { url(): string }).url()))
    await page.route('**', (route) => route.fulfill({ contentType: 'text/html', body: renderPage(report) }))
  })
  afterAll(() => opened?.close())

  beforeEach(async () => {
    seen.length = 0
    await page.setViewportSize({ width: 1200, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
    await page.goto(address)
    await rows().first().waitFor()
  })

  const rows = () => page.locator('tr.row')
  const names = () => page.locator('tr.row .toggle').allTextContents()
  const margins = async () =>
    (await page.locator('tr.row td.margin').allTextContents()).map(
      (text) => Number.parseFloat(text) / (text.includes('%') ? 100 : 1),
    )
  const shown = () => page.locator('.count').textContent()

  test('the verdict, three numbers, and a table that begins with the worst failure, open', async () => {
    expect(await page.title()).toBe('2 of 453 tensor assertions failed')
    expect(await page.locator('h1').textContent()).toBe('2 of 453 tensor assertions failed')
    expect(await page.locator('.numbers strong').allTextContents()).toEqual(['2', '1', '1'])
    const [first, second] = await margins()
    expect(first).toBeGreaterThan(second)
    expect(await page.locator('.opened pre').first().textContent()).toMatch(/^Tensors do not match: /)
    expect(await page.locator('.opened figure svg').count()).toBeGreaterThanOrEqual(4)
    expect(await page.locator('.opened .hint').first().isVisible()).toBe(true)
  })

  test('it asks for nothing but itself, and nothing in it fails', () => {
    expect(seen).toEqual([address])
  })

  test('sorted by margin, test, error and growth', async () => {
    const byMargin = await margins()
    expect(byMargin).toEqual([...byMargin].sort((a, b) => b - a))
    await page.locator('th.test button').click()
    const byName = await names()
    expect(byName).toEqual([...byName].sort())
    expect(await page.locator('th[aria-sort]').allTextContents()).toEqual(['Test'])
    await page.locator('th.growth button').click()
    expect((await names())[0]).toBe('near')
    await page.locator('th.error button').click()
    expect((await names())[0]).toMatch(/^a suite/)
  })

  test('search and filters, and rows that are drawn as far as they are read', async () => {
    expect(await shown()).toBe('453 of 453 shown')
    expect(await rows().count()).toBe(200)
    await page.locator('button.more').click()
    expect(await rows().count()).toBe(400)
    await page.locator('input[type=search]').fill('PASSES 44')
    expect(await shown()).toBe('14 of 453 shown')
    await page.locator('input[type=search]').fill('passes no such')
    expect(await shown()).toBe('0 of 453 shown')
    await page.locator('input[type=search]').fill('')
    await page.locator('.chips button:has-text("Failed")').click()
    expect(await shown()).toBe('2 of 453 shown')
    expect(await page.locator('.chips [aria-pressed=true]').allTextContents()).toEqual(['Failed 2'])
    await page.locator('.chips button:has-text("Grown")').click()
    expect(await names()).toEqual(['near'])
  })

  test('by keyboard alone', async () => {
    const focused = () => page.evaluate<string>('document.activeElement.textContent.slice(0, 10)')
    const stops: string[] = []
    for (let i = 0; i < 5; i++) {
      await page.keyboard.press('Tab')
      stops.push(await focused())
    }
    expect(stops).toEqual(['All 453', 'Failed 2', 'Over half ', 'Grown 1', 'New 452'])
    const toggle = page.locator('tr.row .toggle').nth(1)
    await toggle.focus()
    await page.keyboard.press('Enter')
    expect(await toggle.getAttribute('aria-expanded')).toBe('true')
    const details = page.locator(`[id="${await toggle.getAttribute('aria-controls')}"]`)
    expect(await details.isVisible()).toBe(true)
    await page.keyboard.press('Space')
    expect(await toggle.getAttribute('aria-expanded')).toBe('false')
    expect(await details.isVisible()).toBe(false)
    // the outline of what has the focus
    expect(await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')).not.toBe('none')
  })

  test('on a phone nothing is wider than the screen', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390)
    // what may scroll within itself does not push anything out
    const wide = `[...document.querySelectorAll('main > *, table, svg, .details > *')].filter((one) => one.getBoundingClientRect().right > 390.5).length`
    expect(await page.evaluate<number>(wide)).toBe(0)
  })

  test('light and dark, with a contrast that can be read', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const colors = `[document.body, document.querySelector('h1'), document.querySelector('.run'), document.querySelector('td .where')]
        .map((one) => getComputedStyle(one).color).concat(getComputedStyle(document.body).backgroundColor)`
      const luminances = (await page.evaluate<string[]>(colors)).map(luminanceOf)
      const back = luminances.at(-1) ?? Number.NaN
      expect(back < 0.5).toBe(colorScheme === 'dark')
      for (const text of luminances.slice(0, -1)) expect(contrast(text, back)).toBeGreaterThan(4.5)
    }
  })

  test('a failure is copied as Markdown', async () => {
    await page.locator('.opened button').first().click()
    await expect.poll(() => page.locator('.opened button').first().textContent()).toBe('Copied')
    const copied = await page.evaluate<string>('navigator.clipboard.readText()')
    expect(copied).toContain('a suite')
    expect(copied).toContain('Tensors do not match: ')
  })
})

/** Relative luminance of an `rgb(...)`: WCAG 2.2. */
function luminanceOf(color: string): number {
  const [red, green, blue] = (color.match(/\d+/g) ?? []).map((text) => {
    const part = Number(text) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
