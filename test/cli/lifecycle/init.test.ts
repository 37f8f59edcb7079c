// What `expect-tensor init` writes into projects of every kind: a suite that passes at once, and fails when a weight is changed.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SmallModel, writeSmallModel } from '../small-model.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const modules = join(root, 'node_modules')
const vitestModules = process.env.EXPECT_TENSOR_VITEST ?? modules
const vitest = [join(vitestModules, 'vitest/vitest.mjs'), 'run']
const jest = [join(modules, 'jest/bin/jest.js'), '--ci']

let model: SmallModel
beforeAll(async () => {
  model = await writeSmallModel()
})
afterAll(() => model.remove())

interface Kind {
  readonly name: string
  readonly files: Readonly<Record<string, string>>
  /** Arguments of Node that run its tests. */
  readonly run: readonly string[]
  /** What must come to be, or must be changed, besides .gitattributes and the recording. */
  readonly written: readonly string[]
  readonly kept?: Readonly<Record<string, string>>
}

const tsconfig = (types: string): string => `{
  // strict, as tsc --init has it
  "compilerOptions": {
    "strict": true, "noUncheckedIndexedAccess": true, "exactOptionalPropertyTypes": true, "verbatimModuleSyntax": true,
    "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "noEmit": true, "skipLibCheck": true,${types}
  },
}`

const kinds: readonly Kind[] = [
  {
    name: 'Vitest, JavaScript',
    files: { 'package.json': '{ "type": "module", "devDependencies": { "vitest": "^4" } }' },
    run: vitest,
    written: ['right.test.js', 'vitest.config.js'],
  },
  {
    name: 'Vitest, JavaScript, CommonJS',
    files: { 'package.json': '{ "devDependencies": { "vitest": "^4" } }', 'tests/.gitkeep': '' },
    run: vitest,
    written: ['tests/right.test.js', 'vitest.config.mjs'],
  },
  {
    name: 'Vitest, TypeScript, with a configuration and types',
    files: {
      'package.json': '{ "type": "module", "devDependencies": { "vitest": "^4", "typescript": "^5" } }',
      'tsconfig.json': tsconfig('\n    "types": ["node"]'),
      'vitest.config.ts': `import { defineConfig } from 'vitest/config'\n\nexport default defineConfig({\n  test: {\n    globals: true,\n  },\n})\n`,
      'test/.gitkeep': '',
    },
    run: vitest,
    written: ['test/right.test.ts', 'vitest.config.ts', 'tsconfig.json'],
  },
  {
    name: 'Vitest, TypeScript, without either',
    files: {
      'package.json': '{ "type": "module", "devDependencies": { "vitest": "^4" } }',
      'tsconfig.json': tsconfig(''),
    },
    run: vitest,
    written: ['right.test.ts', 'vitest.config.ts'],
  },
  {
    name: 'Jest, CommonJS',
    files: { 'package.json': '{ "devDependencies": { "jest": "^30" } }' },
    run: jest,
    written: ['right.test.js', 'jest.config.js'],
  },
  {
    name: 'Jest, CommonJS, configured in package.json',
    files: {
      'package.json': '{ "devDependencies": { "jest": "^30" }, "jest": { "verbose": true } }',
      'test/.gitkeep': '',
    },
    run: jest,
    written: ['test/right.test.js', 'package.json'],
  },
  {
    name: 'Jest, ESM',
    files: {
      'package.json':
        '{ "type": "module", "scripts": { "test": "node --experimental-vm-modules node_modules/jest/bin/jest.js" }, "devDependencies": { "jest": "^30" } }',
    },
    run: ['--experimental-vm-modules', ...jest],
    written: ['right.test.js', 'jest.config.js'],
  },
  {
    name: 'Jest in a package of modules that it does not run as such',
    files: { 'package.json': '{ "type": "module", "devDependencies": { "jest": "^30" } }' },
    run: jest,
    written: ['right.test.cjs', 'jest.config.js'],
  },
]

function createProject(files: Kind['files']): string {
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-init-'))
  for (const [path, text] of Object.entries({ ...files, 'models/.gitkeep': '' })) {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const name of ['right.param', 'right.bin', 'right.safetensors', 'in.npy']) {
    cpSync(join(model.folder, name), join(folder, 'models', name))
  }
  const installed = join(folder, 'node_modules/expect-tensor')
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  symlinkSync(join(vitestModules, 'vitest'), join(folder, 'node_modules/vitest'), 'junction')
  for (const name of ['fflate', 'jest', 'expect', '@jest', '@types/node']) {
    symlinkSync(join(modules, name), join(folder, 'node_modules', name), 'junction')
  }
  return folder
}

const program = (folder: string, args: readonly string[]): string =>
  execFileSync(process.execPath, ['node_modules/expect-tensor/dist/cli.js', 'init', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  })

function runTests(folder: string, args: readonly string[]) {
  const { CI: _, GITHUB_ACTIONS: __, VITEST: ___, VITEST_WORKER_ID: ____, NODE_OPTIONS: _____, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, NODE_ENV: 'test', NO_COLOR: '1' },
  })
  return { status, output: stdout + stderr }
}

test.each(kinds.map((kind) => [kind.name, kind] as const))('%s', (_, { files, run, written }) => {
  const folder = createProject(files)
  try {
    const args = [
      'models/right.param',
      '--reference',
      'models/right.safetensors',
      '--input',
      'in=models/in.npy',
      '--json',
    ]
    const planned = JSON.parse(program(folder, [...args, '--dry-run']))
    const made = JSON.parse(program(folder, args))
    expect(made).toEqual({ ...planned, dryRun: false })
    const changed = made.files.filter(({ action }: { action: string }) => action === 'create' || action === 'edit')
    const record = written[0].replace(/test\.\w+$/, 'reference.safetensors')
    expect(changed.map(({ path }: { path: string }) => path).sort()).toEqual(
      [...written, record, '.gitattributes'].sort(),
    )

    const green = runTests(folder, run)
    expect(green.output).toMatch(/Tests:? +1 passed/)
    expect(green.status).toBe(0)
    if (files['tsconfig.json'] !== undefined) {
      const types = runTests(folder, [join(modules, 'typescript/bin/tsc'), '-p', '.'])
      expect(types.output).toBe('')
    }

    const bin = join(folder, 'models/right.bin')
    const weights = new Float32Array(new Uint8Array(readFileSync(bin)).buffer)
    weights[weights.length - 1] += 1e-4
    writeFileSync(bin, weights)
    const red = runTests(folder, run)
    expect(red.output).toContain('Tensors do not match: 1 of 10 elements')
    expect(red.status).toBe(1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
