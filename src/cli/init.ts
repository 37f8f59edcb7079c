// `expect-tensor init model.param --reference model.onnx`: from two models to a test that holds one to the other.
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { replaceFile } from '../files/file-system.ts'
import { modelFileNames } from '../runners/load-model.ts'
import { defineCommand, UsageError } from './command.ts'
import { inputOptions, parseSeed } from './fed-model.ts'
import { withFedPair } from './init/fed-pair.ts'
import {
  agrees,
  describeDisagreement,
  describeFindings,
  findingsJson,
  notesOn,
  outputsJson,
  shownPath,
} from './init/findings.ts'
import { measure } from './init/measure.ts'
import { findProject } from './init/project.ts'
import { type Change, setUp } from './init/set-up.ts'
import { pathsFor, testFiles } from './init/test-files.ts'
import { ncnnOptions, parseNcnn, referenceOptions } from './model-pair.ts'

export const init = defineCommand({
  summary: 'write a test that holds a model to its reference, and set up the test runner',
  positionals: '<model>',
  description: `Runs the model and its reference on the same inputs, records what the reference makes of them, measures the tolerance that holds, and
writes a test for the test runner that package.json names (Vitest or Jest), with what the project needs besides: the matchers set up, their types
in tsconfig.json, .gitattributes. Nothing that exists is overwritten; what cannot be edited surely is said. Models are .param (ncnn), .onnx,
.tflite, model.json (TensorFlow.js), .pt, _pnnx.py or a recording (.safetensors); the reference may be tensors as well (.npy, .npz, .safetensors,
or one of them, data.npz:logits). An --input given several times is several inputs, and so is a --reference of tensors; without any input, five are
drawn at random. The exit code is 1 when the models do not agree.`,
  options: {
    reference: {
      type: 'string',
      value: '<model or tensors>',
      multiple: true,
      help: 'what the model should compute: a model, a recording, or what came out (.npz)',
    },
    ...inputOptions,
    ...referenceOptions,
    ...ncnnOptions,
    'dry-run': { type: 'boolean', help: 'say what would be written, and write nothing' },
  },

  async run({ values, positionals, out, err, status }) {
    const [path, ...more] = positionals
    if (path === undefined || more.length > 0)
      throw new UsageError(`expected the path of one model (${modelFileNames})`)
    const { reference: references = [], json = false, 'dry-run': dryRun = false } = values
    if (references.length === 0)
      throw new UsageError('--reference is missing: a model, a recording, or the tensors that should come out')
    const project = findProject(process.cwd())
    const paths = pathsFor(path, project)
    for (const file of [paths.test, paths.record]) {
      if (existsSync(join(project.root, file)))
        throw new Error(`${shownPath(project, file)} exists already: move it away, or write the test by hand`)
    }
    return withFedPair(path, references, values, async (pair) => {
      const measurement = await measure(pair, (input) =>
        status(`running both models on input ${input} of ${pair.inputs.length}`),
      )
      status('')
      const findings = { path, references, pair, measurement, seed: parseSeed(values.seed) }
      if (!agrees(findings)) {
        if (json) out(JSON.stringify(outputsJson(findings), null, 2))
        else for (const line of describeDisagreement(findings)) err(line)
        return 1
      }
      const changes = [...testFiles(project, paths, findings, parseNcnn(values)), ...setUp(project)]
      if (!dryRun) for (const change of changes) write(project.root, change)
      const shown = [project, findings, changes, dryRun] as const
      out(json ? JSON.stringify(findingsJson(...shown), null, 2) : describeFindings(...shown))
      for (const note of notesOn(project, findings, paths)) err(note)
      return 0
    })
  },
})

function write(root: string, { path, contents }: Change): void {
  if (contents === undefined) return
  const target = join(root, path)
  mkdirSync(dirname(target), { recursive: true })
  replaceFile(target, [typeof contents === 'string' ? Buffer.from(contents) : contents])
}
