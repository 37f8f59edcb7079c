// The engine gives these very bits on every machine and in every runtime: hashes of small networks' outputs, written down once.
// `npm run test:bits` asks other runtimes for theirs.
import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { cases } from './cases.ts'
import { hashOf } from './compute.ts'
import expected from './expected.json' with { type: 'json' }
import fused from './expected-fused.json' with { type: 'json' }

describe('the same bits everywhere', () => {
  test.each(cases)('$name', async ({ name, run }) => {
    expect(hashOf(await run(loadNcnn))).toBe((expected as Record<string, string>)[name])
  })

  test('no hash is of a network that is gone', () => {
    expect(Object.keys(expected)).toEqual(cases.map(({ name }) => name))
    expect(Object.keys(fused)).toEqual(Object.keys(expected))
  })
})
