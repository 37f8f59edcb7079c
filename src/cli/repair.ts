// `expect-tensor repair model.param --reference reference --input in0=x.npy --atol 1e-3 > fixed.param`
import { repairModel } from '../analysis/repair.ts'
import { toPlainJson } from '../compare/json.ts'
import { describeMatch } from '../explain/comparison.ts'
import { changedParam } from '../runners/ncnn/changed-param.ts'
import { formatMagnitude } from '../tensor/numbers.ts'
import { defineCommand, UsageError } from './command.ts'
import { pairOptions, withModelPair } from './model-pair.ts'

export const repair = defineCommand({
  summary: 'print the .param of an ncnn model with the smallest change that meets a tolerance',
  positionals: '<model.param>',
  description: `Looks for the smallest change that brings every output within the tolerance: the parameters that a conversion got wrong, sums in
float32 in as few layers as it takes (31=1), or other options. What is proposed was verified by a run. The .param with the change goes to standard
output, what was changed and the outputs to standard error. The exit code is 1 when no change that was tried meets the tolerance.`,
  options: pairOptions,

  async run(invocation) {
    const { values, positionals, out, err, status } = invocation
    const wrong = positionals.find((path) => !path.endsWith('.param'))
    if (wrong !== undefined) throw new UsageError(`${wrong}: only the .param of an ncnn model can be repaired`)
    return withModelPair(invocation, async ({ path, model, reference, options }) => {
      const found = await repairModel(model, reference, options)
      status('')
      if (found === undefined) {
        if (values.json) out(JSON.stringify({ kind: 'failed' }))
        else err('No change that was tried brings every output within the tolerance.')
        return 1
      }
      const { kind, what, settings, outputs } = found
      const param = await changedParam(path, settings)
      if (values.json) {
        const compared = outputs.map(({ comparison, ...output }) => ({ ...output, comparison: comparison.toJSON() }))
        out(JSON.stringify(toPlainJson({ kind, what, settings, outputs: compared, param }), null, 2))
        return 0
      }
      err(kind === 'none' ? `Nothing to repair: ${what}` : `Repaired, verified by a run: ${what}`)
      if (kind === 'options')
        err(`The .param is unchanged: load it with loadNcnn(path, { ncnn: ${JSON.stringify(settings.ncnn)} })`)
      for (const { name, error, comparison } of outputs) {
        err(`${name}: relative error ${formatMagnitude(error)}, ${describeMatch(comparison)}`)
      }
      out(param.trimEnd())
      return 0
    })
  },
})
