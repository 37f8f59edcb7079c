// What `npm run lint` guards, each shown by a violation of it: lint runs over a small tree of planted files with the project's own settings.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const modules = join(root, 'node_modules')

const importing = (path: string): string => `import { value } from '${path}'\n\nvalue()\n`

/** What each room must not import. */
const upward: Readonly<Record<string, string>> = {
  host: '../tensor/planted.ts',
  arguments: '../tensor/planted.ts',
  tensor: '../compare/planted.ts',
  kernels: '../files/planted.ts',
  files: '../kernels/planted.ts',
  compare: '../explain/planted.ts',
  runners: '../matchers/planted.ts',
  snapshots: '../explain/planted.ts',
  recordings: '../snapshots/planted.ts',
  outcomes: '../recordings/planted.ts',
  analysis: '../runners/ncnn/planted.ts',
  explain: '../matchers/planted.ts',
  matchers: '../cli/planted.ts',
  report: '../cli/planted.ts',
  cli: '../matchers/planted.ts',
}

const planted: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(upward).map(([room, path]) => [`src/${room}/upward.ts`, importing(path)])),
  'src/recordings/engine.ts': importing('../runners/ncnn/planted.ts'),
  'src/analysis/types.ts':
    "import type { Model } from '../runners/model.ts'\n\nexport type Models = readonly Model[]\n",
  'src/tensor/entry.ts': importing('../vitest.ts'),
  'src/compare/circle-a.ts': "import { b } from './circle-b.ts'\n\nexport const a = () => b\n",
  'src/compare/circle-b.ts': "import { a } from './circle-a.ts'\n\nexport const b = () => a\n",
  'src/files/missing-in-jsdom.ts': 'export const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)\n',
  'src/tensor/constant.ts': 'export const MAX_SIZE = 1\n',
  'src/tensor/parameter.ts': 'export const twice = (some_number: number) => 2 * some_number\n',
  'src/tensor/type.ts': 'export type shape = readonly number[]\n',
  'src/tensor/badName.ts': 'export const size = 1\n',
  'src/runners/ncnn/engines/wasm/layers/ncnn-names.ts':
    'export const GRU = ({ num_output }: { num_output: number }) => num_output\n',
  'src/index.ts': "import { used } from './tensor/exports.ts'\nimport { gone } from 'not-a-dependency'\n\nused(gone)\n",
  'src/tensor/exports.ts': 'export const used = (_: unknown) => 1\nexport const neverUsed = 2\n',
}

/** What knip finds in a file. */
type Kind = 'exports' | 'files' | 'unlisted' | 'devDependencies'

let folder: string
/** Rules that each file breaks. */
let broken: Record<string, string[]>
let unused: readonly ({ readonly file: string } & Readonly<Record<Kind, readonly { readonly name: string }[]>>)[]

/** A command's standard output, whether or not it succeeds. */
const outputOf = (program: string, args: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, [join(modules, program), ...args], { cwd: folder }, (_, stdout) => resolve(stdout))
  })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expect-tensor-'))
  for (const name of ['biome.json', 'knip.json', '.gitignore']) await cp(join(root, name), join(folder, name))
  const { devDependencies, ...description } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const dependencies = { ...devDependencies, 'is-not-used': '1.0.0' }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...description, devDependencies: dependencies }))
  await symlink(modules, join(folder, 'node_modules'))
  for (const [path, text] of Object.entries(planted)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  const [biome, knip] = await Promise.all([
    outputOf('@biomejs/biome/bin/biome', ['lint', '--reporter=json', '--max-diagnostics=none', 'src']),
    outputOf('knip/bin/knip.js', ['--reporter=json', '--no-config-hints']),
  ])
  broken = {}
  for (const { category, location } of JSON.parse(biome).diagnostics) {
    broken[location.path] ??= []
    broken[location.path].push(category)
  }
  unused = JSON.parse(knip).issues
})
afterAll(() => rm(folder, { recursive: true }))

test('every room has its place', async () => {
  const rooms = (await readdir(join(root, 'src'), { withFileTypes: true })).filter((entry) => entry.isDirectory())
  expect(Object.keys(upward)).toEqual(expect.arrayContaining(rooms.map(({ name }) => name)))
})

test.each(Object.keys(upward))('%s imports nothing from above', (room) => {
  expect(broken[`src/${room}/upward.ts`]).toEqual(['lint/style/noRestrictedImports'])
})

test.each([
  ['text is decoded by what works in jsdom, too', 'src/files/missing-in-jsdom.ts', 'lint/style/noRestrictedGlobals'],
  ['a room imports no runtime, only what all share', 'src/recordings/engine.ts', 'lint/style/noRestrictedImports'],
  ['nothing imports an entry', 'src/tensor/entry.ts', 'lint/style/noRestrictedImports'],
  ['imports form no circle', 'src/compare/circle-a.ts', 'lint/suspicious/noImportCycles'],
  ['constants are camelCase', 'src/tensor/constant.ts', 'lint/style/useNamingConvention'],
  ['parameters are camelCase', 'src/tensor/parameter.ts', 'lint/style/useNamingConvention'],
  ['types are PascalCase', 'src/tensor/type.ts', 'lint/style/useNamingConvention'],
  ['files are kebab-case', 'src/tensor/badName.ts', 'lint/style/useFilenamingConvention'],
])('%s', (_, file, rule) => {
  expect(broken[file]).toEqual([rule])
})

test.each(['src/analysis/types.ts', 'src/runners/ncnn/engines/wasm/layers/ncnn-names.ts'])(
  '%s is as it may be',
  (file) => {
    expect(broken).not.toHaveProperty([file])
  },
)

test('what nobody uses is found: exports, files, dependencies, and dependencies that are not declared', () => {
  const found = (kind: Kind, file: string) =>
    unused.find((issue) => issue.file === file)?.[kind].map(({ name }) => name)
  expect(found('exports', 'src/tensor/exports.ts')).toEqual(['neverUsed'])
  expect(found('files', 'src/tensor/constant.ts')).toEqual(['src/tensor/constant.ts'])
  expect(found('unlisted', 'src/index.ts')).toEqual(['not-a-dependency'])
  expect(found('devDependencies', 'package.json')).toContain('is-not-used')
})
