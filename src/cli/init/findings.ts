// What `init` found out of a model and its reference, in words and as JSON.
import { basename, join } from 'node:path'
import { columns } from '../../explain/columns.ts'
import { countOf, formatExact, formatFactor, formatMagnitude, formatPercent } from '../../tensor/numbers.ts'
import { splitTensorName } from '../model-pair.ts'
import type { FedPair } from './fed-pair.ts'
import type { Measurement } from './measure.ts'
import type { Project, TestPaths } from './project.ts'
import { relativePath } from './relative-path.ts'
import type { Change } from './set-up.ts'
import { recordedName } from './suite.ts'

export interface Findings {
  /** Of the model, and of the references. */
  readonly path: string
  readonly references: readonly string[]
  readonly pair: FedPair
  readonly measurement: Measurement
  /** Of the inputs that were drawn. */
  readonly seed: number
}

/** Models that differ by more of the output's norm do not compute the same. */
const mostDifference = 0.1
/** More than roundings of float32 come to, and those of float16 weights. */
const notableDifference = 1e-2

export const agrees = ({ measurement }: Findings): boolean =>
  measurement.outputs.every(({ relativeError }) => relativeError <= mostDifference)

/** `voiceprint.onnx (onnxruntime-node 1.27.0)`, `data.npz: logits and 2 more` */
export function describeReference({ references, pair }: Findings): string {
  const [{ runtime }] = pair.references
  const { path, name } = splitTensorName(references[0])
  const file = basename(path)
  const more = references.length > 1 ? ` and ${references.length - 1} more` : ''
  if (name !== undefined) return `${file}: ${name}${more}`
  return runtime.name === file ? file + more : `${file} (${[runtime.name, runtime.version].filter(Boolean).join(' ')})`
}

/** `5 random inputs` */
export const describeInputs = ({ pair }: Findings): string =>
  countOf(pair.inputs.length, pair.drawn.length > 0 ? 'random input' : 'input')

/** As whoever called the command would write it. */
export const shownPath = ({ root }: Project, path: string): string => relativePath('.', join(root, path))

export function describeFindings(
  project: Project,
  findings: Findings,
  changes: readonly Change[],
  dryRun: boolean,
): string {
  const words = {
    create: dryRun ? 'would write' : 'wrote',
    edit: dryRun ? 'would edit' : 'edited',
    none: 'left',
    'by-hand': 'BY HAND',
  }
  const rows = findings.measurement.outputs.map(({ name, seen, relativeError, atol }) => [
    name,
    formatMagnitude(seen),
    formatMagnitude(relativeError),
    seen === 0 ? '' : formatFactor(atol / seen),
    formatExact(atol),
  ])
  return [
    `${basename(findings.path)} against ${describeReference(findings)}, on ${describeInputs(findings)}`,
    '',
    ...columns(
      [['output', 'largest error', 'of its norm', 'margin', 'atol'], ...rows],
      ['left', 'left', 'left', 'right', 'left'],
    ),
    '',
    ...columns(
      changes.map(({ path, action, what }) => [words[action], shownPath(project, path), what]),
      ['left', 'left', 'left'],
    ),
    '',
    `Run it: ${nextCommand(project, changes)}`,
  ].join('\n')
}

export function findingsJson(
  project: Project,
  findings: Findings,
  changes: readonly Change[],
  dryRun: boolean,
): unknown {
  return {
    ...outputsJson(findings),
    dryRun,
    testRunner: project.testRunner,
    files: changes.map(({ path, action, what }) => ({ path: shownPath(project, path), action, what })),
    run: nextCommand(project, changes),
  }
}

export const outputsJson = (findings: Findings) => ({
  agrees: agrees(findings),
  inputs: findings.pair.inputs.length,
  drawn: findings.pair.drawn,
  outputs: findings.measurement.outputs,
})

/** Test runners look for their configuration and for tests from where they are started; npm finds the project by itself. */
function nextCommand({ command, root }: Project, [test]: readonly Change[]): string {
  if (command === 'npm test') return command
  const there = relativePath('.', root)
  return `${there === '' ? '' : `cd ${there} && `}${command} ${test.path}`
}

/** What the reader should know besides. */
export function notesOn(project: Project, findings: Findings, { test, record }: TestPaths): readonly string[] {
  const { pair, measurement } = findings
  const worst = Math.max(...measurement.outputs.map(({ relativeError }) => relativeError))
  const inputs = pair.drawn.map((name) => `--input ${name}=x.npy`).join(' ')
  return [
    ...(project.hasPackage ? [] : ['package.json does not name expect-tensor: npm install --save-dev expect-tensor']),
    ...(project.choosesTestsBy === undefined
      ? []
      : [`${project.config} has ${project.choosesTestsBy}: see that it takes in ${shownPath(project, test)}`]),
    ...(worst > notableDifference
      ? [
          `The models differ by ${formatPercent(worst)} of the output's norm, more than roundings come to. Why: ${diagnoseCommand(findings, shownPath(project, record))}`,
        ]
      : []),
    ...(pair.drawn.length > 0 ? [`Random numbers are no data: ${inputs} takes what the model is made for`] : []),
  ]
}

/** Why nothing was written. */
export function describeDisagreement(findings: Findings): readonly string[] {
  const { pair, measurement } = findings
  return [
    ...measurement.outputs.map(
      ({ name, reference, relativeError }) =>
        `${name}: differs from the reference's ${reference} by ${formatPercent(relativeError)} of its norm`,
    ),
    'The models do not agree, and nothing was written: a tolerance that passes would say nothing.',
    `Where they part: ${diagnoseCommand(findings)}`,
    ...(pair.drawn.length > 0
      ? ['Or the models are not made for random numbers: give inputs of your own with --input']
      : []),
  ]
}

/**
 * The command that says where the models part.
 * @param record a file that has what they are fed; without it the reader has to name one
 */
export function diagnoseCommand({ path, references, pair }: Findings, record?: string): string {
  const inputs = pair.model.inputs.map(({ name }) => {
    const tensor = record === undefined ? 'x.npy' : `${record}:${recordedName(name, 1)}`
    return `--input ${name}=${tensor}`
  })
  return ['npx expect-tensor diagnose', path, '--reference', references[0], ...inputs].join(' ')
}
