// What package.json says twice: entries in "exports", and in "typesVersions" for `moduleResolution: node10`, which knows nothing of "exports".
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }

test('every entry has its types under node10', () => {
  const declared = Object.entries(packageJson.exports).flatMap(([entry, target]) => {
    if (entry === '.' || entry.endsWith('.json')) return []
    const file = typeof target === 'string' ? target : target.require
    return [[entry.slice('./'.length), [file.replace(/\.(c?)js$/, '.d.$1ts')]]]
  })
  expect(packageJson.typesVersions['*']).toEqual(Object.fromEntries(declared))
})
