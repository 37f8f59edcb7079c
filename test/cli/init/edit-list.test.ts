// Configuration files as people write them: what is added, and which are left to be edited by hand.
import { describe, expect, test } from 'vitest'
import { addToList, readList } from '../../../src/cli/init/edit-list.ts'

const setupFiles = { path: ['test', 'setupFiles'], entry: 'x/vitest', unlessBeside: ['projects'] } as const

describe('Vitest', () => {
  test.each([
    ['an empty object', `export default {}`, `export default { test: { setupFiles: ['x/vitest'] } }`],
    [
      'no test',
      `export default defineConfig({\n  plugins: [react()], // of Vite\n})\n`,
      `export default defineConfig({\n  test: { setupFiles: ['x/vitest'] },\n  plugins: [react()], // of Vite\n})\n`,
    ],
    [
      'a test without set-up files, and a comment behind the bracket',
      `export default defineConfig({ // the project\n  test: { // tests\n    globals: true\n  }\n})`,
      `export default defineConfig({ // the project\n  test: { // tests\n    setupFiles: ['x/vitest'],\n    globals: true\n  }\n})`,
    ],
    [
      'a list',
      `export default defineConfig({ test: { setupFiles: ["./a.ts"], include: ["*.ts"] } })`,
      `export default defineConfig({ test: { setupFiles: ["x/vitest", "./a.ts"], include: ["*.ts"] } })`,
    ],
    [
      'a list in lines',
      `export default {\n\ttest: {\n\t\tsetupFiles: [\n\t\t\t'./a.ts',\n\t\t],\n\t},\n}`,
      `export default {\n\ttest: {\n\t\tsetupFiles: [\n\t\t\t'x/vitest',\n\t\t\t'./a.ts',\n\t\t],\n\t},\n}`,
    ],
    [
      'an empty list',
      `export default { test: { setupFiles: [] } }`,
      `export default { test: { setupFiles: ['x/vitest'] } }`,
    ],
    [
      'a single path',
      `export default { test: { setupFiles: './a.ts' } }`,
      `export default { test: { setupFiles: ['x/vitest', './a.ts'] } }`,
    ],
    [
      'a constant with a type',
      `const config: UserConfig = { test: { globals: true } }\nexport default config`,
      `const config: UserConfig = { test: { setupFiles: ['x/vitest'], globals: true } }\nexport default config`,
    ],
    [
      'what only looks like it: comments, strings, regular expressions, templates',
      `// test: { setupFiles: [] }\nconst pattern = /['"{]/, text = \`test: { \${1 / 2}\`\nexport default { name: "test: {", test: {} }`,
      `// test: { setupFiles: [] }\nconst pattern = /['"{]/, text = \`test: { \${1 / 2}\`\nexport default { name: "test: {", test: { setupFiles: ["x/vitest"] } }`,
    ],
    [
      'methods and nested lists',
      `export default { test: { include: [['a', { b: 1 }]], onConsoleLog(log) { return !/}/.test(log) } } } satisfies UserConfig`,
      `export default { test: { setupFiles: ['x/vitest'], include: [['a', { b: 1 }]], onConsoleLog(log) { return !/}/.test(log) } } } satisfies UserConfig`,
    ],
  ])('%s', (_, before, after) => {
    expect(addToList(before, setupFiles)).toBe(after)
  })

  test.each([
    ['a function', `export default defineConfig(({ mode }) => ({ test: {} }))`],
    ['merged configurations', `export default mergeConfig(base, { test: {} })`],
    ['projects', `export default { test: { projects: ['a', 'b'] } }`],
    ['what is spread', `export default { test: { ...base } }`],
    ['a list that is computed', `export default { test: { setupFiles: files } }`],
    ['a list that goes on', `export default { test: { setupFiles: ['a'].concat(more) } }`],
    ['a value that is imported', `import config from './shared'\nexport default config`],
    ['nothing exported', `const config = { test: {} }`],
    ['a variable that is set twice', `let config = {}\nvar config = {}\nexport default config`],
    ['brackets that do not close', `export default { test: { }`],
    ['a quote that does not close', `export default { test: { name: 'it } }`],
    ['the same property twice', `export default { test: {}, test: {} }`],
  ])('%s: by hand', (_, source) => {
    expect(addToList(source, setupFiles)).toBeUndefined()
  })
})

test('Jest, in all its places', () => {
  const edit = { path: ['setupFilesAfterEnv'], entry: 'x/jest' } as const
  expect(addToList(`module.exports = { preset: 'ts-jest' }`, edit)).toBe(
    `module.exports = { setupFilesAfterEnv: ['x/jest'], preset: 'ts-jest' }`,
  )
  expect(
    addToList(
      `/** @type {import('jest').Config} */\nconst config = {\n  verbose: true,\n};\nmodule.exports = config;`,
      edit,
    ),
  ).toBe(
    `/** @type {import('jest').Config} */\nconst config = {\n  setupFilesAfterEnv: ['x/jest'],\n  verbose: true,\n};\nmodule.exports = config;`,
  )
  expect(addToList(`{\n  "jest": {\n    "verbose": true\n  }\n}\n`, { ...edit, path: ['jest', ...edit.path] })).toBe(
    `{\n  "jest": {\n    "setupFilesAfterEnv": ["x/jest"],\n    "verbose": true\n  }\n}\n`,
  )
})

test('the types of a tsconfig.json with comments', () => {
  const path = ['compilerOptions', 'types'] as const
  const source = `{\n  // what is "compilerOptions": {}\n  "compilerOptions": {\n    "types": ["node"], /* more */\n  },\n}`
  expect(readList(source, path)).toEqual(['node'])
  expect(addToList(source, { path, entry: 'x/vitest' })).toBe(source.replace('["node"]', '["x/vitest", "node"]'))
  expect(readList('{ "compilerOptions": {} }', path)).toBeUndefined()
  expect(addToList('{ "compilerOptions": { "types": [] } }', { path, entry: 'x' })).toBe(
    '{ "compilerOptions": { "types": ["x"] } }',
  )
})
