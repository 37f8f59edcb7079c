// What is found wrong with the text of a .snap.
import { expect, test } from 'vitest'
import { damageOf } from '../../src/snapshots/snap-text.ts'

const header = '// Snapshot v1\n\n'
const tensorEntry = (key: string) =>
  `exports[\`${key}\`] = \`\nTensorSnapshot {\n  "file": "x.tensors/${key}-c32b6b695bbc.safetensors"\n}\n\`;\n`
const textEntry = (key: string) => `exports[\`${key}\`] = \`\n1\n\`;\n`

test.each([
  ['other entries', `${tensorEntry('a')}${textEntry('b')}`, undefined],
  ['a text twice, which holds no tensor', `${tensorEntry('a')}${textEntry('b')}${textEntry('b')}`, undefined],
  ['a tensor twice', `${tensorEntry('a')}${tensorEntry('a')}`, 'has two snapshots called "a"'],
  ['a text of the same name behind it', `${tensorEntry('a')}${textEntry('a')}`, 'has two snapshots called "a"'],
  ['a text of the same name before it', `${textEntry('a')}${tensorEntry('a')}`, 'has two snapshots called "a"'],
  ['one on the same line', `${tensorEntry('a').trimEnd()}${textEntry('a')}`, 'has two snapshots called "a"'],
  [
    'a comment that names it',
    `${tensorEntry('a')}// x.tensors/b-c32b6b695bbc.safetensors\n`,
    /mentions .* outside of any/,
  ],
])('beside a tensor %s', (_, entries, damage) => {
  const found = damageOf(header + entries)
  if (damage instanceof RegExp) expect(found).toMatch(damage)
  else expect(found).toBe(damage)
})
