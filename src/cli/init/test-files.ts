// The test that `init` writes, and what was recorded for it.
import { basename, dirname, join, resolve } from 'node:path'
import { encodeSafetensors } from '../../files/index.ts'
import { loaderOf, type ModelLoader } from '../../runners/load-model.ts'
import type { NcnnOptions } from '../../runners/ncnn/options.ts'
import { countOf, formatBytes } from '../../tensor/numbers.ts'
import { describeInputs, describeReference, diagnoseCommand, type Findings, shownPath } from './findings.ts'
import type { Project, TestPaths } from './project.ts'
import { relativePath } from './relative-path.ts'
import { type Change, typesInTest } from './set-up.ts'
import { recordedName, suiteText } from './suite.ts'

/** A model that is slower, in milliseconds, may exceed what test runners wait for on a busy machine. */
const slow = 1000

export function pathsFor(model: string, { testRunner, typescript, modules, isModule, testFolder }: Project): TestPaths {
  const stem = join(testFolder, stemOf(model))
  // Jest takes a file of a package of modules for CommonJS only by its extension
  const extension = typescript ? 'ts' : testRunner === 'jest' && isModule && modules === 'commonjs' ? 'cjs' : 'js'
  return { test: `${stem}.test.${extension}`, record: `${stem}.reference.safetensors` }
}

/** `voiceprint.ncnn` of models/voiceprint.ncnn.param, `voiceprint.onnx` of voiceprint.onnx; of a model.json the name of its folder. */
function stemOf(path: string): string {
  const name = basename(path).replace(/\.(param|param\.bin|json|py|safetensors)$/, '')
  return name === 'model' ? basename(dirname(resolve(path))) : name
}

export interface LoadedWith {
  readonly engine?: string
  readonly ncnn?: NcnnOptions
}

export function testFiles(
  project: Project,
  paths: TestPaths,
  findings: Findings,
  loadedWith: LoadedWith,
): readonly Change[] {
  const { path, pair, measurement, seed } = findings
  const { records, outputs, longestTime } = measurement
  const tensors = records.flatMap((record, i) =>
    Object.entries({ ...record.inputs, ...record.references }).map(
      ([name, tensor]) => [recordedName(name, i + 1), tensor] as const,
    ),
  )
  const recorded = encodeSafetensors(Object.fromEntries(tensors), {
    contents: 'reference',
    model: basename(path),
    reference: describeReference(findings),
  })
  const text = suiteText({
    project,
    types: typesInTest(project),
    loader: testLoaderOf(path),
    modelPath: relativePath(join(project.root, dirname(paths.test)), path),
    recordPath: basename(paths.record),
    loadOptions: describeOptions(loadedWith),
    title: basename(path),
    reference: describeReference(findings),
    inputs: Object.keys(records[0].inputs),
    count: records.length,
    origin: `${describeInputs(findings)}${pair.drawn.length > 0 ? ` (seed ${seed})` : ''}`,
    outputs,
    diagnosis:
      pair.isAnswered || pair.referenceInputs ? undefined : diagnoseCommand(findings, shownPath(project, paths.record)),
    isSlow: Math.max(pair.loadingTime, longestTime) > slow,
  })
  const count = countOf(records.length * outputs.length, 'assertion')
  return [
    { path: paths.test, action: 'create', what: count, contents: text },
    { path: paths.record, action: 'create', what: formatBytes(recorded.byteLength), contents: recorded },
  ]
}

function testLoaderOf(path: string): ModelLoader {
  return path.endsWith('.safetensors') ? { name: 'loadRecording', entry: 'expect-tensor/analysis' } : loaderOf(path)
}

/** `{ engine: 'python', ncnn: { useFp16Storage: true } }` */
function describeOptions({ engine, ncnn }: LoadedWith): string | undefined {
  const switches = Object.entries(ncnn ?? {}).map(([name, value]) => `${name}: ${value}`)
  const parts = [
    ...(engine === undefined ? [] : [`engine: '${engine}'`]),
    ...(switches.length === 0 ? [] : [`ncnn: { ${switches.join(', ')} }`]),
  ]
  return parts.length === 0 ? undefined : `{ ${parts.join(', ')} }`
}
