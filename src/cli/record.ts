// `expect-tensor record model.onnx --input x=x.npy --output model.safetensors`: what a model computes, for tests that have no runtime for it.
import { recordActivations } from '../recordings/record-activations.ts'
import { defineCommand, UsageError } from './command.ts'
import { fedOptions, withFedModel } from './fed-model.ts'

export const record = defineCommand({
  summary: 'run a model and record every tensor that it computes',
  positionals: '<model>',
  description: `Runs a model as run does, and stores what it computes, with what ran it and a hash of each input, as a recording: loadRecording reads
it, and every command takes it in place of a model. By default all blobs are recorded.`,
  options: {
    ...fedOptions,
    output: { type: 'string', value: '<recording.safetensors>', help: 'the recording' },
  },

  async run(invocation) {
    const { values, out, err } = invocation
    const path = values.output
    if (path?.endsWith('.safetensors') !== true)
      throw new UsageError(`--output ${path ?? 'is missing'}: a path that ends in .safetensors is expected`)
    return withFedModel(invocation, async ({ model, inputs, drawn, outputs }) => {
      await recordActivations(model, inputs, path, outputs && { outputs })
      if (drawn.length > 0) err(`Random inputs: ${drawn.join(', ')}`)
      out(
        values.json ? JSON.stringify({ recording: path, runtime: model.runtime, drawn }, null, 2) : `Recorded ${path}`,
      )
      return 0
    })
  },
})
