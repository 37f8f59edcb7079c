// Section `test-runners` of `npm run bench`: the built package inside Jest and each pool of Vitest, against plain Node.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { versionOf } from './machine.ts'
import { formatTime, markdownTable } from './measure.ts'
import type { SectionResult } from './section.ts'

const execute = promisify(execFile)
const require = createRequire(import.meta.url)
const root = fileURLToPath(new URL('..', import.meta.url))

const imports = `
import work from './work.cjs'
import { loadNcnn, ncnnOptionSets } from 'expect-tensor/ncnn'
import { compareTensors } from 'expect-tensor'
const subject = { loadNcnn, ncnnOptionSets, compareTensors }
`
const call = 'work.measure(subject)'
const asTest = `test('work', () => ${call}, 120_000)`

const files: Readonly<Record<string, string>> = {
  'package.json': '{ "private": true }',
  'jest.config.json': JSON.stringify({
    testMatch: ['<rootDir>/*.test.*'],
    moduleFileExtensions: ['js', 'mjs', 'cjs'],
    transform: {},
  }),
  'vitest.config.mjs': 'export default { test: { include: ["vitest.test.mjs"], globals: true } }',
  'plain.mjs': `${imports}await ${call}`,
  'vitest.test.mjs': imports + asTest,
  'jest-esm.test.mjs': imports + asTest,
  'jest-cjs.test.cjs': `
    const work = require('./work.cjs')
    const subject = { ...require('expect-tensor/ncnn'), ...require('expect-tensor') }
    ${asTest}`,
}

const bin = (name: string, file: string) => join(dirname(require.resolve(`${name}/package.json`)), file)
const jest = bin('jest', 'bin/jest.js')
const vitest = bin('vitest', 'vitest.mjs')

/** Node's arguments, by the name of the environment; the first is what the others are compared with. */
const environments: Readonly<Record<string, readonly string[]>> = {
  Node: ['plain.mjs'],
  'Jest, CommonJS': [jest, 'jest-cjs', '--runInBand'],
  'Jest, ESM': ['--experimental-vm-modules', jest, 'jest-esm', '--runInBand'],
  ...Object.fromEntries(
    ['forks', 'threads', 'vmForks', 'vmThreads'].map((pool) => [`Vitest, ${pool}`, [vitest, 'run', '--pool', pool]]),
  ),
}

/** Each round starts every environment anew, in turn. */
const roundCount = 3

type Times = Readonly<Record<string, number>>

/** A project with a copy of the built package, where test runners find it as what was installed. */
async function makeProject(): Promise<string> {
  await mkdir(new URL('results/', import.meta.url), { recursive: true })
  const project = await mkdtemp(fileURLToPath(new URL('results/test-runners-', import.meta.url)))
  const installed = join(project, 'node_modules/expect-tensor')
  await cp(join(root, 'dist'), join(installed, 'dist'), { recursive: true })
  await cp(join(root, 'package.json'), join(installed, 'package.json'))
  await cp(new URL('peers/test-runner-work.cjs', import.meta.url), join(project, 'work.cjs'))
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(project, name), text)))
  return project
}

async function measureOnce(project: string, args: readonly string[]): Promise<Times> {
  const result = join(project, 'result.json')
  await execute(process.execPath, args, { cwd: project, env: { ...process.env, BENCH_RESULT: result } })
  return JSON.parse(await readFile(result, 'utf8'))
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]

export async function benchTestRunners(): Promise<SectionResult> {
  const project = await makeProject()
  const measured: Record<string, Times[]> = Object.fromEntries(Object.keys(environments).map((name) => [name, []]))
  try {
    for (let round = 0; round < roundCount; round++) {
      for (const [name, args] of Object.entries(environments)) measured[name].push(await measureOnce(project, args))
    }
  } finally {
    await rm(project, { recursive: true })
  }
  const works = Object.keys(measured.Node[0])
  const medianOf = (name: string, work: string) => median(measured[name].map((times) => times[work]))
  const rows = Object.keys(environments).map((name) => [
    name,
    ...works.map((work) => {
      const time = medianOf(name, work)
      return `${formatTime(time)}, ${(time / medianOf('Node', work)).toFixed(2)}x`
    }),
  ])
  const runners = `Test runners: ${versionOf('vitest')}, ${versionOf('jest')}.`
  return { markdown: `${runners}\n\n${markdownTable(['environment', ...works], rows)}`, data: measured }
}
