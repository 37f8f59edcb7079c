// The engine gives these very bits on every machine and in every runtime: hashes of small networks' outputs, written down once.
// `npm run test:bits` asks other runtimes for theirs.
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { bitsCases } from './compute.ts'
import expected from './expected.json' with { type: 'json' }

const models = new URL('../../examples/voiceprint/models/', import.meta.url)
const cases = bitsCases(async (file) => new Uint8Array(await readFile(new URL(file, models))))

describe('the same bits everywhere', () => {
  test.each(cases)('$name', async ({ name, hash }) => {
    expect(await hash(loadNcnn)).toBe((expected as Record<string, string>)[name])
  })

  test('no hash is of a network that is gone', () => {
    expect(Object.keys(expected)).toEqual(cases.map(({ name }) => name))
  })
})
