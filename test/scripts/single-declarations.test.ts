import { expect, test } from 'vitest'
import { declareSingly } from '../../scripts/single-declarations.ts'

test('takes apart what is declared as a list of as many values', () => {
  expect(declareSingly('const [a, b] = [f(1, 2), [3]], c = 4;')).toBe('const a = f(1, 2), b = [3], c = 4;')
  expect(declareSingly('for (let [i, j] = [0, n]; i < j; i++) {}')).toBe('for (let i = 0, j = n; i < j; i++) {}')
  expect(declareSingly('const [\n\ta,\n\tb,\n] = [\n\t1, // one\n\t(2, 3),\n];')).toBe('const a = 1, b = (2, 3);')
})

test('finds them within each other, in the order in which they ran', () => {
  const order: string[] = []
  const note = (name: string) => order.push(name)
  const code = `const [f, last] = [() => { const [x, y] = [note('x'), note('y')]; return x + y }, note('last')]; return f() + last`
  const single = declareSingly(code)
  expect(single).toMatch(/const f = \(\) => \{ const x = note\('x'\), y = note\('y'\); /)
  expect(new Function('note', single)(note)).toBe(6)
  expect(order).toEqual(['last', 'x', 'y'])
})

test.each([
  'const [a, b] = pair;',
  'const [a] = [1, 2];',
  'const [a, b] = [1];',
  'const [, b] = [1, 2];',
  'const [a, b] = [1, ];',
  'const [a, b] = [, 2];',
  'const [a, ...b] = [1, 2];',
  'const [a, b] = [1, ...rest];',
  'const [a, b = 1] = [1, c];',
  'const [a, [b]] = [1, c];',
  'const [] = [];',
  '[a, b] = [b, a];',
])('leaves %s as it is', (code) => {
  expect(declareSingly(code)).toBe(code)
})
