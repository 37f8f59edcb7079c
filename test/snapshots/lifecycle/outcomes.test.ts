// Where outcomes say that an assertion stands, in Jest: test, line, and whether the test runs beside others.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { createProject } from './project.ts'

const tests = fileURLToPath(new URL('outcomes-project', import.meta.url))
const project = createProject('jest', tests)
afterAll(() => project.remove())

/** Line and column of the matcher's call, as the stack of an error names them. */
function callsIn(source: string): string[] {
  const lines = source.split('\n').map((line) => line.search(/(?<=expect\(values\)\.(not\.)?)toMatchTensor/))
  return lines.flatMap((column, index) => (column < 0 ? [] : [`${index + 1}:${column + 1}`]))
}

test('jest', async () => {
  const { code, output } = await project.run([])
  expect(code, output).toBe(0)
  const written = readFileSync(join(project.folder, 'outcomes.jsonl'), 'utf8').trim().split('\n')
  const outcomes = written.map((line) => JSON.parse(line))
  const [sync, async, negated, failing, concurrent] = callsIn(readFileSync(join(tests, 'where.test.js'), 'utf8'))
  const found = outcomes.map(({ status, isNot, where: { test, line, column, concurrent } }) =>
    [test.join(' > '), `${line}:${column}`, status, isNot && 'not', concurrent && 'concurrent'].filter(Boolean),
  )
  expect(found.toSorted()).toEqual(
    [
      ['sync', sync, 'passed'],
      ['async', async, 'passed'],
      ['outer > inner 1 > negated', negated, 'passed', 'not'],
      ['outer > inner 2 > negated', negated, 'passed', 'not'],
      ['fails', failing, 'failed'],
      ['concurrent one', concurrent, 'passed', 'concurrent'],
      ['concurrent two', concurrent, 'passed', 'concurrent'],
    ].toSorted(),
  )
  expect(outcomes.map(({ where }) => where.file)).toEqual(outcomes.map(() => join(project.folder, 'where.test.js')))
})
