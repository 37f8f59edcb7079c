// What a test file of Jest leaves for the reporter.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { shared } from '../../src/host/shared.ts'
import { collect } from '../../src/report/jest/collect.ts'
import { readSpool } from '../../src/report/jest/spool.ts'
import { spoolVariable } from '../../src/report/jest/spool-entry.ts'
import '../../src/vitest.ts'

const folder = mkdtempSync(join(tmpdir(), 'spool-'))

afterEach(() => {
  shared('report.listening', (): { stop?: () => void } => ({})).stop?.()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test('an assertion is there once where two entries are listed', () => {
  vi.stubEnv(spoolVariable, folder)
  vi.stubEnv('JEST_WORKER_ID', '1')
  collect()
  collect()
  expect([1, 2]).toMatchTensor([1, 2])
  expect(readSpool(folder).map(({ record }) => record.matcher)).toEqual(['toMatchTensor'])
})
