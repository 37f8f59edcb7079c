import { expect, test } from 'vitest'
import { compareWithBaseline } from '../../src/report/drift.ts'
import { assertionMarkdown, marker, reportMarkdown } from '../../src/report/markdown.ts'
import { recordOfUse, recordWith, reportOf } from './sample.ts'

test('a report, with the mark by which a comment is replaced', () => {
  const before = reportOf([recordWith(0.125, { test: ['grows'] })])
  const now = reportOf([
    recordWith(0.75, { test: ['grows'], line: 4 }),
    recordWith(4, { test: ['suite', 'fails'], line: 9 }),
  ])
  const markdown = reportMarkdown(compareWithBaseline(now, before, { factor: 2 }))
  expect(markdown.replace(/```text[\s\S]*?```/, '```message```')).toMatchInlineSnapshot(`
    "## 1 of 2 tensor assertions failed

    2 assertions · 1 failed · 1 passed with more than half of the tolerance used · 1 grown 2 × since the baseline

    **Failed**

    | margin | growth | max error | test | assertion | where |
    | ---: | ---: | ---: | --- | --- | --- |
    | 4.0 × |  | 4 | suite › fails | \` toMatchTensor \` | \` a.test.js:9 \` |

    <details><summary>suite › fails</summary>

    \`\`\`message\`\`\`

    </details>

    **Grown since the baseline**

    | margin | growth | max error | test | assertion | where |
    | ---: | ---: | ---: | --- | --- | --- |
    | 75% | 6.0 × | 0.75 | grows | \` toMatchTensor \` | \` a.test.js:4 \` |

    **More than half of the tolerance used**

    | margin | growth | max error | test | assertion | where |
    | ---: | ---: | ---: | --- | --- | --- |
    | 75% | 6.0 × | 0.75 | grows | \` toMatchTensor \` | \` a.test.js:4 \` |

    1 assertions are new.

    <!-- expect-tensor-report -->
    "
  `)
  expect(markdown.trimEnd().endsWith(marker)).toBe(true)
})

test('names are no markup, and messages cannot leave their block', () => {
  const name = '<img src=x> | [a](b) @team `code`'
  const [assertion] = reportOf([
    recordOfUse(() => expect({ '```': [1] }).toMatchTensors({ '```': [2] }), { test: [name] }),
  ]).assertions
  const markdown = reportMarkdown({ ...reportOf([]), assertions: [assertion] })
  expect(markdown).not.toMatch(/<img|@team|(?<!\\)\[a/)
  const shouting = { ...assertion, failure: { message: 'before\n````\n<script>' } }
  expect(assertionMarkdown(shouting)).toContain('`````text\nbefore\n````\n<script>\n`````')
})

test('however much fails, it fits into a comment', () => {
  const [failed] = reportOf([recordWith(4)]).assertions
  const message = 'x'.repeat(9000)
  const assertions = Array.from({ length: 500 }, () => ({ ...failed, test: ['y'.repeat(2900)], failure: { message } }))
  const markdown = reportMarkdown({ ...reportOf([]), assertions })
  expect(markdown.length).toBeLessThan(65_536)
  expect(markdown).toContain(marker)
})
