// The table of erfc that a kernel holds is what the script computes.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { erfcCoefficients } from '../../scripts/erfc-table.ts'

test('the kernel holds the coefficients that the script computes', async () => {
  const kernel = await readFile(new URL('../../src/kernels/assembly/erfc-table.ts', import.meta.url), 'utf8')
  const [, table = ''] = /const ERFC = memory\.data<f64>\(\[([^\]]*)/.exec(kernel) ?? []
  const numbers = table.split(',').map((text) => text.trim())
  expect(numbers.filter((text) => text !== '').map(Number)).toEqual(erfcCoefficients())
})
