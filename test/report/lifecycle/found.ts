// What a reporter has to find in the projects beside this file, and how it is compared.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report } from '../../../src/report/report.ts'
import type { Runner } from '../../snapshots/lifecycle/project.ts'

/** Line by line: file, test, tensor, what came of it and how it counts. */
export const found: Readonly<Record<Runner, readonly string[]>> = {
  vitest: [
    'assertions.test.js | passes | passed 0.25',
    'assertions.test.js | fails | failed 4',
    'assertions.test.js | a suite > has a test | passed 0.5',
    'assertions.test.js | compares no number | failed Infinity',
    'assertions.test.js | compares by name | right passed 0',
    'assertions.test.js | compares by name | wrong failed 8',
    'assertions.test.js | says no | passed 8 not',
    'assertions.test.js | is used wrongly | error',
    'assertions.test.js | is tried again | failed 4 superseded',
    'assertions.test.js | is tried again | failed 4 superseded',
    'assertions.test.js | is tried again | passed 0.125',
    'assertions.test.js | is repeated | passed 0.375',
    'assertions.test.js | is repeated | passed 0.375',
    'assertions.test.js | goes on | failed 4 soft',
    'assertions.test.js | goes on | passed 0.625 soft',
    'assertions.test.js | polls | passed 0.25',
    'assertions.test.js | polls | passed 0.5',
    'assertions.test.js | fails as it should | failed 8 caught',
    ...[1, 2, 3, 1, 2, 3].map((number) => `assertions.test.js | at once > ${number} | passed ${number / 8}`),
    'assertions.test.js | ? | passed 0.75',
    'others.test.js | in another file | passed 0.875',
    'others.test.js | by a snapshot | passed 0',
  ],
  jest: [
    'assertions.test.js | passes | passed 0.25',
    'assertions.test.js | fails | failed 4',
    'assertions.test.js | a suite > has a test | passed 0.5',
    'assertions.test.js | compares no number | failed Infinity',
    'assertions.test.js | compares by name | right passed 0',
    'assertions.test.js | compares by name | wrong failed 8',
    'assertions.test.js | says no | passed 8 not',
    'assertions.test.js | is used wrongly | error',
    'assertions.test.js | fails as it should | failed 8 caught',
    'assertions.test.js | is called as another | passed 0.375',
    'assertions.test.js | is called as another | passed 0.625',
    ...[1, 2, 3, 1, 2, 3].map((number) => `assertions.test.js | at once ${number} | passed ${number / 8}`),
    'assertions.test.js | ? | passed 0.75',
    'others.test.js | in another file | passed 0.875',
    'others.test.js | by a snapshot | passed 0',
    'retries.test.js | is tried again | failed 4 superseded',
    'retries.test.js | is tried again | failed 4 superseded',
    'retries.test.js | is tried again | passed 0.125',
  ],
}

export const summaries: Readonly<Record<Runner, Report['summary']>> = {
  vitest: { assertions: 25, failed: 5, near: 3, unattributed: 1, superseded: 2 },
  jest: { assertions: 21, failed: 4, near: 3, unattributed: 1, superseded: 2 },
}

export function readReport(folder: string): Report {
  return JSON.parse(readFileSync(join(folder, 'expect-tensor-report/report.json'), 'utf8'))
}

/** In the words of {@link found}. */
export const describeAssertions = ({ assertions }: Report): string[] =>
  assertions.map(({ file, test: names, key, status, margin, not, soft, superseded, caught }) => {
    const marks = Object.entries({ not, soft, superseded, caught }).flatMap(([name, mark]) => (mark ? [name] : []))
    const result = [key, status, margin, ...marks].filter((word) => word !== undefined).join(' ')
    return [file, names?.join(' > ') ?? '?', result].join(' | ')
  })
