// The text of a test file that holds a model to what was recorded of its reference.

import type { ModelLoader } from '../../runners/load-model.ts'
import { formatExact, formatFactor, formatMagnitude } from '../../tensor/numbers.ts'
import type { MeasuredOutput } from './measure.ts'
import type { Project } from './project.ts'

export interface Suite {
  readonly project: Pick<Project, 'testRunner' | 'typescript' | 'modules' | 'importExpectFrom' | 'hasNodeTypes'>
  /** Types that the file has to name itself: `expect-tensor/vitest`. */
  readonly types: readonly string[]
  readonly loader: ModelLoader
  /** Relative to the test file. */
  readonly modelPath: string
  readonly recordPath: string
  /** As TypeScript: `{ engine: 'python' }`. */
  readonly loadOptions: string | undefined
  /** Names for people: of the model, and of the reference with what ran it. */
  readonly title: string
  readonly reference: string
  /** The inputs by name, and how many sets of them there are. */
  readonly inputs: readonly string[]
  readonly count: number
  /** `5 random inputs (seed 0)` */
  readonly origin: string
  readonly outputs: readonly MeasuredOutput[]
  /** The command that says where the models part, where there are two. */
  readonly diagnosis: string | undefined
  /** Whether loading or a run takes so long that the test runner might lose patience. */
  readonly isSlow: boolean
}

/** What a test may take on a busy machine, in milliseconds. */
const patience = '60_000'

const maxWidth = 100

export function suiteText(suite: Suite): string {
  const { types, title, reference, diagnosis, origin, count } = suite
  return [
    ...types.map((name) => `/// <reference types="${name}" />`),
    `// Does ${inComment(title)} still compute what ${inComment(reference)} did?`,
    '// Written by `expect-tensor init`, and yours to change.',
    ...(diagnosis === undefined ? [] : [`// When it fails: ${inComment(diagnosis)}`]),
    ...importLines(suite),
    '',
    ...pathLines(suite),
    '',
    `/** ${origin}, and what the reference made of ${count === 1 ? 'it' : 'them'}: ${exampleNames(suite)} */`,
    `const recorded = ${suite.project.typescript ? '(name: string)' : '(name)'} => readTensor(here(${quote(suite.recordPath)}), { name })`,
    '',
    suite.project.typescript ? 'let model: Model' : 'let model',
    'beforeAll(async () => {',
    `  model = await ${loadCall(suite)}`,
    `}${patienceOf(suite)})`,
    'afterAll(() => model?.close())',
    '',
    ...suite.outputs.map(describeTolerance),
    `test.each([${Array.from({ length: count }, (_, i) => i + 1).join(', ')}])('input %i', async (input) => {`,
    ...runLines(suite),
    ...suite.outputs.map(
      ({ name, atol }, i) =>
        `  expect(${variable(name, i)}).toMatchTensor(await recorded(${recordName(name)}), { atol: ${formatExact(atol)} })`,
    ),
    `}${patienceOf(suite)})`,
    '',
  ].join('\n')
}

/** `1/in0`: what an input or output is called among those that were recorded. */
export const recordedName = (name: string, input: number): string => `${input}/${name}`

function importLines({ project, loader }: Suite): string[] {
  const isEsm = project.typescript || project.modules === 'esm'
  const load = (names: string, from: string): string =>
    isEsm ? `import ${names} from '${from}'` : `const ${names} = require('${from}')`
  return [
    ...(project.modules === 'commonjs' ? [load('{ join }', 'node:path')] : []),
    ...(loader.name === 'loadTfjs'
      ? [isEsm ? "import * as tf from '@tensorflow/tfjs'" : "const tf = require('@tensorflow/tfjs')"]
      : []),
    ...(project.typescript ? ["import type { Model } from 'expect-tensor'"] : []),
    ...[load('{ readTensor }', 'expect-tensor/files'), load(`{ ${loader.name} }`, loader.entry)],
    ...(project.importExpectFrom ? [load('{ afterAll, beforeAll, expect, test }', project.importExpectFrom)] : []),
  ]
}

function pathLines({ project }: Suite): string[] {
  const parameter = project.typescript ? '(path: string)' : '(path)'
  return [
    project.modules === 'esm'
      ? `const here = ${parameter} => new URL(path, import.meta.url)`
      : `const here = ${parameter} => join(__dirname, path)`,
  ]
}

function loadCall({ loader, modelPath, loadOptions }: Suite): string {
  const args = [
    ...(loader.name === 'loadTfjs' ? ['tf'] : []),
    `here(${quote(modelPath)})`,
    ...(loadOptions === undefined ? [] : [loadOptions]),
  ]
  return `${loader.name}(${args.join(', ')})`
}

function runLines({ inputs, outputs }: Suite): string[] {
  const begin = `  const { ${outputs.map(({ name }, i) => binding(name, i)).join(', ')} } = await model.run({`
  const fed = inputs.map((name) => `${key(name)}: await recorded(${recordName(name)})`)
  const line = `${begin} ${fed.join(', ')} })`
  return line.length <= maxWidth ? [line] : [begin, ...fed.map((one) => `    ${one},`), '  })']
}

const patienceOf = ({ isSlow }: Suite): string => (isSlow ? `, ${patience}` : '')

function exampleNames({ inputs, outputs, count }: Suite): string {
  const first = [...inputs, ...outputs.map(({ name }) => name)].map((name) => `\`${inComment(recordedName(name, 1))}\``)
  return [...first, ...(count > 1 ? [`\`${inComment(recordedName(inputs[0], 2))}\`, ...`] : [])].join(', ')
}

function describeTolerance({ name: given, seen, atol }: MeasuredOutput): string {
  const [name, allowed] = [inComment(given), formatExact(atol)]
  return seen === 0
    ? `// ${name}: no error was seen; ${allowed} is some units in the last place of its largest number.`
    : `// ${name}: the largest error seen was ${formatMagnitude(seen)}; ${allowed} is ${formatFactor(atol / seen)} times that.`
}

/** Names come from model files, which nobody vouches for: they must not end a comment. */
const inComment = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').replaceAll('*/', '* /')

/** As the contents of a template: the input's number is a variable. */
const recordName = (name: string): string =>
  `\`\${input}/${name.replaceAll(/[`\\]|\$\{/g, '\\$&').replaceAll('\r', '\\r')}\``

const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name)

const key = (name: string): string => (isIdentifier(name) ? name : quote(name))

/** Words that a variable cannot be called, or that mean something else in the file. */
const taken =
  /^(afterAll|arguments|await|beforeAll|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|expect|export|extends|false|finally|for|function|here|if|implements|import|in|input|instanceof|interface|join|let|load[A-Z]\w*|model|new|null|package|private|protected|public|readTensor|recorded|return|static|super|switch|test|tf|this|throw|true|try|typeof|var|void|while|with|yield)$/

const variable = (name: string, rank: number): string =>
  isIdentifier(name) && !taken.test(name) ? name : `output${rank + 1}`

function binding(name: string, rank: number): string {
  const own = variable(name, rank)
  return own === name ? name : `${key(name)}: ${own}`
}

const quote = (text: string): string => (/['\\\p{Cc}]/u.test(text) ? JSON.stringify(text) : `'${text}'`)
