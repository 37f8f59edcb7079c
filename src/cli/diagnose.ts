// `expect-tensor diagnose model --reference reference --input in0=x.npy`: where two models part, and why.
import type { Diagnosis } from '../analysis/diagnose.ts'
import { toPlainJson } from '../compare/json.ts'
import { diagnose as find } from '../explain/diagnose.ts'
import { defineCommand } from './command.ts'
import { highlight } from './highlight.ts'
import { pairOptions, withModelPair } from './model-pair.ts'

export const diagnose = defineCommand({
  summary: 'name the layer at which a model parts from its reference, and the cause',
  positionals: '<model>',
  description: `Runs both models on the same inputs, compares them layer by layer, every layer fed with the reference's own tensors, and says which
layer errs by more than rounding, why, and what takes the error away. Models are .param (ncnn), .onnx, .tflite, model.json (TensorFlow.js),
.pt or _pnnx.py; the reference may be a recording (.safetensors) as well. The exit code is 0 when the outputs are within the tolerance
(by default that of their dtype), and 1 when they are not, or were not computed from the same.`,
  options: pairOptions,

  run: (invocation) =>
    withModelPair(invocation, async ({ model, reference, options }) => {
      const diagnosis = await find(model, reference, options)
      invocation.status('')
      const text = String(diagnosis)
      const shown = invocation.hasColors ? highlight(text, { agrees: agrees(diagnosis) }) : text
      invocation.out(invocation.values.json ? JSON.stringify(plain(diagnosis), null, 2) : shown)
      return agrees(diagnosis) ? 0 : 1
    }),
})

const agrees = ({ verdict, outputs }: Diagnosis): boolean =>
  verdict !== 'inputs differ' && outputs.every(({ comparison }) => comparison.pass)

const plain = ({ outputs, ...diagnosis }: Diagnosis): unknown =>
  toPlainJson({
    ...diagnosis,
    outputs: outputs.map(({ comparison, ...output }) => ({ ...output, comparison: comparison.toJSON() })),
  })
