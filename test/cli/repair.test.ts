import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareTensors } from '../../src/index.ts'
import { loadRecording } from '../../src/model-analysis.ts'
import { loadNcnn, ncnnOptionSets } from '../../src/runners/ncnn/index.ts'
import { image } from '../analysis/small-network.ts'
import { runProgram } from './run-program.ts'
import { rightLine, type SmallModel, writeSmallModel, wrongLine } from './small-model.ts'

let files: SmallModel
beforeAll(async () => {
  files = await writeSmallModel()
})
afterAll(() => files.remove())

const run = (model: string, ...args: string[]) =>
  runProgram('repair', model, '--reference', files.recording, '--input', files.input, ...args)

test('prints the .param with the parameter corrected, and nothing else changed', async () => {
  const { code, out, err } = await run(files.wrong, '--atol', '1e-5')
  expect(code).toBe(0)
  expect(err).toMatch(/^Repaired, verified by a run: layer "avg": .*\nout: relative error .*within tolerance$/)
  const [before, after] = [readFileSync(files.wrong, 'utf8').trimEnd().split('\n'), out.split('\n')]
  expect(after).toHaveLength(before.length)
  const changed = after.filter((line, i) => line !== before[i])
  expect(changed).toEqual([expect.stringMatching(/^Pooling avg 1 1 h1 p1 /)])
  expect([wrongLine, rightLine].map((line) => before.join('\n').includes(line))).toEqual([true, false])
})

test('prints masks under which as few layers as it takes sum in float32; the file meets the tolerance', async () => {
  const { code, out, err } = await run(files.right, '--options', 'default', '--atol', '2e-4')
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(/^Repaired.*sums in float32 \(31=1\) in \d+ layers?:/),
  })
  expect(out).toMatch(/ 31=1$/m)
  writeFileSync(join(files.folder, 'masked.param'), out)
  const options = { bin: join(files.folder, 'right.bin'), ncnn: ncnnOptionSets.default }
  const masked = await loadNcnn(join(files.folder, 'masked.param'), options)
  const plain = await loadNcnn(files.right, options)
  const reference = (await (await loadRecording(files.recording)).run({ in: image() })).out
  const agrees = async (model: typeof masked) =>
    compareTensors((await model.run({ in: image() })).out, reference, { atol: 2e-4 }).pass
  expect([await agrees(plain), await agrees(masked)]).toEqual([false, true])
  masked.close()
  plain.close()
})

test('prints a .param that needs no repair as it is', async () => {
  const { code, out, err } = await run(files.right, '--atol', '1e-4')
  expect({ code, err }).toMatchObject({ code: 0, err: expect.stringMatching(/^Nothing to repair/) })
  expect(out).toBe(readFileSync(files.right, 'utf8').trimEnd())
})

test('exits with 1 when no change meets the tolerance', async () => {
  const { code, out, err } = await run(files.right, '--atol', '0')
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toBe('No change that was tried brings every output within the tolerance.')
})

test('under --json prints what was changed, and the file', async () => {
  const { code, out } = await run(files.wrong, '--atol', '1e-5', '--json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    kind: 'layer',
    settings: { layers: { avg: {} } },
    outputs: [{ name: 'out', comparison: { pass: true } }],
    param: expect.stringMatching(/^7767517\n14 15\n/),
  })
})

test('refuses what is no .param', async () => {
  expect(await runProgram('repair', 'a.onnx', '--reference', files.recording, '--input', files.input)).toMatchObject({
    code: 2,
    err: expect.stringMatching(/a.onnx: only the .param of an ncnn model can be repaired/),
  })
})
