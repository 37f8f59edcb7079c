// The project that tests are to be written for: its test runner, its language, and the files that say so.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { reasonOf } from '../../host/reason.ts'

/** How modules are written in its tests. */
export type ModuleKind = 'esm' | 'commonjs'

export interface Project {
  /** The folder of its package.json. */
  readonly root: string
  readonly testRunner: 'vitest' | 'jest'
  readonly typescript: boolean
  readonly modules: ModuleKind
  /** Whether package.json says `"type": "module"`. */
  readonly isModule: boolean
  /** Where tests take `expect` from when it is no global. */
  readonly importExpectFrom: 'vitest' | '@jest/globals' | undefined
  /** What sets up the matchers, and declares their types. */
  readonly entry: 'expect-tensor/vitest' | 'expect-tensor/jest' | 'expect-tensor/jest-globals'
  /** Folder that tests lie in, relative to the root; '' for the root. */
  readonly testFolder: string
  /** How its tests are run. */
  readonly command: string
  /** Whether package.json has this package among its dependencies. */
  readonly hasPackage: boolean
  /** The nearest of its configuration files, relative to the root: of the test runner, and of TypeScript. */
  readonly config: string | undefined
  readonly tsconfig: string | undefined
  /** By which of its settings the configuration of the test runner chooses test files; undefined where it does not. */
  readonly choosesTestsBy: string | undefined
  /** Of TypeScript tests in CommonJS, `__dirname` and `node:path`: whether their types are there. */
  readonly hasNodeTypes: boolean
}

/** The files of a test, relative to the root of the project. */
export interface TestPaths {
  readonly test: string
  readonly record: string
}

/** Why no test can be written. */
class ProjectError extends Error {
  override readonly name = 'ProjectError'
}

interface PackageJson {
  readonly type?: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly jest?: object
}

const testRunners = ['vitest', 'jest'] as const

/** By preference: test runners take the first that there is. */
const configs: Readonly<Record<Project['testRunner'], readonly string[]>> = {
  vitest: ['vitest.config', 'vite.config'].flatMap((name) =>
    ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((extension) => `${name}.${extension}`),
  ),
  jest: ['js', 'ts', 'mts', 'cts', 'mjs', 'cjs', 'json'].map((extension) => `jest.config.${extension}`),
}

/** Settings that may leave out a test which the test runner would find by its name. */
const choices: Readonly<Record<Project['testRunner'], RegExp>> = {
  vitest: /\b(include|dir|exclude)["']?\s*:/,
  jest: /\b(testMatch|testRegex|roots|testPathIgnorePatterns)["']?\s*:/,
}

/** What lets Jest run TypeScript. */
const transforms = ['ts-jest', '@swc/jest', '@babel/preset-typescript', 'esbuild-jest', '@sucrase/jest-plugin']

/**
 * @param folder where to look for a package.json that names a test runner: there, then in the folders above
 * @throws {ProjectError} where there is none
 */
export function findProject(folder: string): Project {
  const packages = packageFilesFrom(folder).map((path) => ({ root: dirname(path), contents: readPackage(path) }))
  const found = packages.flatMap(({ root, contents }) => {
    const testRunner = testRunnerOf(contents)
    return testRunner === undefined ? [] : [{ root, contents, testRunner }]
  })[0]
  if (found === undefined) {
    throw new ProjectError(
      packages.length === 0
        ? `there is no package.json in ${folder} or above: npm init, then npm install --save-dev expect-tensor vitest`
        : `${join(packages[0].root, 'package.json')} names no test runner: npm install --save-dev vitest, or jest`,
    )
  }
  return describeProject(found.root, found.contents, found.testRunner)
}

function describeProject(root: string, contents: PackageJson, testRunner: Project['testRunner']): Project {
  const has = (path: string): boolean => existsSync(join(root, path))
  const names = dependencyNames(contents)
  const scripts = Object.values(contents.scripts ?? {}).join('\n')
  const config = configs[testRunner].find(has) ?? (testRunner === 'jest' && contents.jest ? 'package.json' : undefined)
  const tsconfig = has('tsconfig.json') ? 'tsconfig.json' : undefined
  const isModule = contents.type === 'module'
  const isJest = testRunner === 'jest'
  const typescript = tsconfig !== undefined && (!isJest || transforms.some((name) => names.has(name)))
  // Jest runs modules as such only when Node is told to let it
  const modules = !isJest || (isModule && /experimental-vm-modules/.test(scripts)) ? 'esm' : 'commonjs'
  const hasJestTypes = names.has('@types/jest') || !typescript
  return {
    root,
    testRunner,
    typescript,
    modules,
    isModule,
    importExpectFrom: isJest ? (hasJestTypes ? undefined : '@jest/globals') : 'vitest',
    entry: isJest ? (hasJestTypes ? 'expect-tensor/jest' : 'expect-tensor/jest-globals') : 'expect-tensor/vitest',
    testFolder: ['test', 'tests', '__tests__'].find((name) => isFolder(join(root, name))) ?? '',
    command: commandOf(contents, testRunner, modules),
    hasPackage: names.has('expect-tensor'),
    config,
    tsconfig,
    choosesTestsBy: config && choices[testRunner].exec(readFileSync(join(root, config), 'utf8'))?.[1],
    hasNodeTypes: canResolve('@types/node/package.json', root),
  }
}

/** From the folder upwards. */
function packageFilesFrom(folder: string): readonly string[] {
  const path = join(folder, 'package.json')
  const above = dirname(folder)
  return [...(existsSync(path) ? [path] : []), ...(above === folder ? [] : packageFilesFrom(above))]
}

function readPackage(path: string): PackageJson {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new ProjectError(`${path}: ${reasonOf(cause)}`, { cause })
  }
}

/** Of two, the one that the script `test` runs. */
function testRunnerOf(contents: PackageJson): Project['testRunner'] | undefined {
  const names = dependencyNames(contents)
  const present = testRunners.filter((name) => names.has(name))
  return present.find((name) => contents.scripts?.test?.includes(name)) ?? present[0]
}

const dependencyNames = ({ dependencies, devDependencies }: PackageJson): ReadonlySet<string> =>
  new Set([...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})])

function commandOf({ scripts }: PackageJson, testRunner: Project['testRunner'], modules: ModuleKind): string {
  if (scripts?.test?.includes(testRunner)) return 'npm test'
  if (testRunner === 'vitest') return 'npx vitest run'
  return modules === 'esm' ? 'NODE_OPTIONS=--experimental-vm-modules npx jest' : 'npx jest'
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

function canResolve(name: string, root: string): boolean {
  try {
    createRequire(join(root, 'package.json')).resolve(name)
    return true
  } catch {
    return false
  }
}
