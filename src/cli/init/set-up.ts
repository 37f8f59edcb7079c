// What a project needs besides a test: the matchers set up, their types declared, and tensors kept out of Git's line ends.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addToList, readList } from './edit-list.ts'
import type { Project } from './project.ts'

/** A file of the project, and what is to become of it. */
export interface Change {
  /** Relative to the root of the project. */
  readonly path: string
  /** `none` where all is there already, `by-hand` where it is not sure what the file means. */
  readonly action: 'create' | 'edit' | 'none' | 'by-hand'
  /** What is in it, or what has to be added. */
  readonly what: string
  /** What is to be written; absent where nothing is. */
  readonly contents?: string | Uint8Array
}

export function setUp(project: Project): readonly Change[] {
  return [setUpMatchers(project), ...(project.typescript ? [declareTypes(project)] : []), keepBinary(project)]
}

/** Whether the test has to name the types itself: a list of types in tsconfig.json replaces those that are found without one. */
export function typesInTest(project: Project): readonly string[] {
  const { typescript, tsconfig, root, entry, modules, hasNodeTypes } = project
  if (!typescript || tsconfig === undefined) return []
  const listed = readList(readText(root, tsconfig), typesPath)
  const usesNode = modules === 'commonjs' && hasNodeTypes && !listed?.includes('node')
  return [
    ...(usesNode ? ['node'] : []),
    ...(listed === undefined || declareTypes(project).action === 'by-hand' ? [entry] : []),
  ]
}

const typesPath = ['compilerOptions', 'types'] as const

function setUpMatchers(project: Project): Change {
  const { root, testRunner, entry, config } = project
  const path: readonly [string, ...string[]] = testRunner === 'vitest' ? ['test', 'setupFiles'] : ['setupFilesAfterEnv']
  const inPackageJson = config === 'package.json'
  const what = `${path.join('.')}: ['${entry}']`
  if (config === undefined) return newConfig(project, what)
  const text = readText(root, config)
  if (new RegExp(`['"]expect-tensor/${testRunner}`).test(text)) {
    return { path: config, action: 'none', what: 'sets up the matchers already' }
  }
  const contents = addToList(text, {
    path: inPackageJson ? ['jest', ...path] : path,
    entry,
    // projects have set-up files of their own
    unlessBeside: ['projects', 'workspace'],
  })
  return contents === undefined
    ? { path: config, action: 'by-hand', what: `add ${what}` }
    : { path: config, action: 'edit', what, contents: withVitestTypes(config, contents) }
}

/** Vite's own `defineConfig` does not know `test`. */
function withVitestTypes(config: string, contents: string): string {
  const needed = /^vite\.config\.[mc]?ts$/.test(config) && !contents.includes('vitest/config')
  return needed ? `/// <reference types="vitest/config" />\n${contents}` : contents
}

function newConfig({ testRunner, typescript, isModule, entry }: Project, what: string): Change {
  if (testRunner === 'vitest') {
    const path = `vitest.config.${isModule ? '' : 'm'}${typescript ? 'ts' : 'js'}`
    const contents = `import { defineConfig } from 'vitest/config'\n\nexport default defineConfig({\n  test: { setupFiles: ['${entry}'] },\n})\n`
    return { path, action: 'create', what, contents }
  }
  const begin = isModule ? 'export default' : 'module.exports ='
  return {
    path: 'jest.config.js',
    action: 'create',
    what,
    contents: `${begin} {\n  setupFilesAfterEnv: ['${entry}'],\n}\n`,
  }
}

function declareTypes({ root, tsconfig = 'tsconfig.json', entry }: Project): Change {
  const text = readText(root, tsconfig)
  const listed = readList(text, typesPath)
  if (listed === undefined) {
    return { path: tsconfig, action: 'none', what: 'has no list of types; the test names them itself' }
  }
  if (listed.includes(entry)) return { path: tsconfig, action: 'none', what: 'names the types already' }
  const contents = addToList(text, { path: typesPath, entry })
  return contents === undefined
    ? { path: tsconfig, action: 'by-hand', what: `add "${entry}" to "types"; until then the test names them itself` }
    : { path: tsconfig, action: 'edit', what: `"types": ["${entry}"]`, contents }
}

function keepBinary({ root }: Project): Change {
  const path = '.gitattributes'
  const text = existsSync(join(root, path)) ? readText(root, path) : ''
  if (/^[^#\n]*\.safetensors\s/m.test(text)) return { path, action: 'none', what: 'knows .safetensors already' }
  const line = '*.safetensors binary'
  const separator = text === '' || text.endsWith('\n') ? '' : '\n'
  return { path, action: text === '' ? 'create' : 'edit', what: line, contents: `${text}${separator}${line}\n` }
}

const readText = (root: string, path: string): string => readFileSync(join(root, path), 'utf8')
