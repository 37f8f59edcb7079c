// The page as text: what is in it, and that nothing from tests can act in it.
import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { compareWithBaseline } from '../../src/report/drift.ts'
import { renderPage } from '../../src/report/html/page.ts'
import type { Report } from '../../src/report/report.ts'
import { recordOfUse, recordWith, reportOf } from './sample.ts'

const dataIn = (page: string): Report => {
  const [, base64 = ''] = /<script type="text\/plain" id="report">([^<]*)<\/script>/.exec(page) ?? []
  return JSON.parse(inflateRawSync(Buffer.from(base64, 'base64')).toString())
}

test('the verdict is the title, and three numbers follow', () => {
  const report = reportOf([recordWith(4, { test: ['fails'] }), recordWith(0.75, { test: ['near'] }), recordWith(0.25)])
  const page = renderPage(compareWithBaseline(report, reportOf([recordWith(0.0625)]), { factor: 2 }))
  expect(page).toContain('<title>1 of 3 tensor assertions failed</title>')
  expect([...page.matchAll(/<strong>(\d+)<\/strong>/g)].map(([, number]) => number)).toEqual(['1', '1', '1'])
  expect(dataIn(page).assertions).toHaveLength(3)
})

test("names are text, and no script but the page's own may run", () => {
  const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(2)>'
  const report = reportOf([recordWith(4, { test: [hostile] })])
  const run = { ...report.run, branch: hostile, lostFiles: [hostile] }
  const page = renderPage(
    compareWithBaseline({ ...report, run }, reportOf([recordWith(1, { test: [`${hostile}2`] })]), { factor: 2 }),
  )
  expect(page).not.toMatch(/<img|alert\(1\)<\/script>/)
  expect(dataIn(page).assertions[0].test).toEqual([hostile])
  const [, script = ''] = /<script type="module">([\s\S]*?)<\/script>/.exec(page) ?? []
  const hash = createHash('sha256').update(script).digest('base64')
  expect(page).toContain(`default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-${hash}'`)
  expect(page.match(/<script/g)).toHaveLength(2)
})

test('ten thousand assertions, of which two hundred fail with charts, are less than 5 MB', () => {
  const reference = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i * i) * 10 ** (i % 5))
  const actual = reference.map((value, i) => value * (1 + 1e-3 * Math.cos(i * 1.7)))
  const shaped = (data: Float32Array) => ({ data, shape: [4, 16, 64] })
  const [failure] = reportOf([
    recordOfUse(() => expect(shaped(actual)).toMatchTensor(shaped(reference), { atol: 1e-3 })),
  ]).assertions
  const [passed] = reportOf([recordWith(0.25)]).assertions
  const report = reportOf([])
  const assertions = Array.from({ length: 10_000 }, (_, i) => ({
    ...(i % 50 === 0 ? failure : passed),
    id: createHash('sha256').update(String(i)).digest('hex').slice(0, 16),
    test: ['a suite', `test ${i}`],
    margin: Math.abs(Math.sin(i)),
  }))
  expect(failure.failure?.pictures).toBeDefined()
  expect(renderPage({ ...report, assertions }).length).toBeLessThan(5e6)
})
