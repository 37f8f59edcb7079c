// Recordings: what a model computed, stored and answered from, for the inputs that it was computed from.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts'
import { loadRecording, type Model, RecordingError, recordActivations } from '../../src/model-analysis.ts'
import { createModel } from '../../src/runners/create-model.ts'
import { loadNcnn } from '../../src/runners/ncnn/index.ts'
import { originOf } from '../../src/tensor/origin.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'
import { withBfloat16 } from '../files/fixture.ts'
import { diamond } from '../runners/ncnn/engines/real/model-suite.ts'
import '../../src/vitest.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
  path = join(folder, 'model.safetensors')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const load = () => loadNcnn({ param: diamond, bin: new Uint8Array(0) }, { ncnn: { useBf16Storage: true } })
const x = tensor(Float32Array.of(-2, 3, 0.5))

describe('a recording', () => {
  test('answers as the model did, blob by blob, and says what computed it', async () => {
    using model = await load()
    const computed = await model.run({ x }, { outputs: 'all' })
    await recordActivations(model, { x }, path)
    using recording = await loadRecording(path)
    expect(recording.runtime).toEqual(model.runtime)
    expect(recording.inputs).toEqual([{ name: 'x', shape: [3], dtype: 'float32' }])
    expect(recording.outputs).toEqual(model.outputs)
    expect(recording.blobs).toEqual(model.blobs)
    expect(recording.layers).toEqual(model.layers)
    expect(await recording.run({ x }, { outputs: 'all' })).toEqual(computed)
    expect(await recording.run({ x })).toEqual({ out: computed.out })
    const { b, a } = await recording.run({ x }, { outputs: ['b', 'a'] })
    expect([b, a]).toEqual([computed.b, computed.a])
    expect(originOf(b.data)).toEqual(model.runtime)
  })

  test('has its provenance in the metadata, where Python finds it, too', async () => {
    using model = await load()
    await recordActivations(model, { x }, pathToFileURL(path))
    const { metadata, tensors } = decodeSafetensors(readFileSync(path))
    expect(Object.keys(tensors).sort()).toEqual([...model.blobs].sort())
    expect(metadata).toMatchObject({
      'expect-tensor': expect.stringMatching(/^\d/),
      contents: 'recording',
      engine: 'wasm',
      engineVersion: expect.stringContaining('expect-tensor'),
      engineOptions: '{"useBf16Storage":true}',
    })
    expect(JSON.parse(metadata.inputs ?? '')).toEqual([
      { name: 'x', shape: [3], dtype: 'float32', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
  })

  test('written before recordings had layers still answers', async () => {
    using model = await load()
    await recordActivations(model, { x }, path)
    const { tensors, metadata } = decodeSafetensors(readFileSync(path))
    const { layers: _, ...before } = metadata
    writeFileSync(path, encodeSafetensors(tensors, before))
    using recording = await loadRecording(path)
    expect(recording.layers).toEqual([])
    expect(await recording.run({ x }, { outputs: 'all' })).toEqual(await model.run({ x }, { outputs: 'all' }))
  })

  test('refuses other inputs', async () => {
    using model = await load()
    await recordActivations(model, { x }, path)
    using recording = await loadRecording(path)
    await expect(recording.run({ x: [-2, 3, 0.25] })).rejects.toThrow(
      `${path}: input "x" has other elements than the one that was recorded. A recording answers for its own inputs only; to record another, run the model in wasm again`,
    )
    await expect(recording.run({ x: [-2, 3] })).rejects.toThrow('input "x" must have shape [3], got [2]')
    await expect(recording.run({})).rejects.toThrow('input "x" is needed but missing')
    await expect(recording.run({ x, a: [1, 2, 3] })).rejects.toThrow('nothing can be computed from "a"')
    await expect(recording.run({ z: x })).rejects.toThrow('has no tensor "z" to feed; its inputs are "x"')
    // The same numbers, written down in another way.
    expect((await recording.run({ x: [-2, 3, 0.5] })).out).toHaveShape([3])
  })

  test('of some blobs only has no others', async () => {
    using model = await load()
    await recordActivations(model, { x }, path, { outputs: ['a', 'out'] })
    using recording = await loadRecording(path)
    expect(recording.blobs).toEqual(['a', 'out'])
    expect(Object.keys(await recording.run({ x }, { outputs: 'all' }))).toEqual(['a', 'out'])
    await expect(recording.run({ x }, { outputs: ['b'] })).rejects.toThrow('has no tensor "b"; it has "a", "out"')
  })

  test('of an intermediate that was fed', async () => {
    using model = await load()
    await recordActivations(model, { b: [1, 2], a: [-3, 4] }, path)
    using recording = await loadRecording(path)
    expect(await recording.run({ a: [-3, 4], b: [1, 2] })).toEqual(await model.run({ a: [-3, 4], b: [1, 2] }))
  })

  test('does not change with what is done to its answers', async () => {
    using model = await load()
    await recordActivations(model, { x }, path)
    using recording = await loadRecording(path)
    const first = await recording.run({ x })
    first.out.data[0] = 99
    expect((await recording.run({ x })).out.data[0]).not.toBe(99)
  })

  test('keeps tensors of every type', async () => {
    const names = Object.keys(withBfloat16)
    const model: Model = createModel(
      {
        source: 'every type',
        runtime: { name: 'none' },
        inputs: [{ name: 'x' }],
        outputs: names.map((name) => ({ name })),
        blobs: names,
        layers: [],
        has: () => true,
        dtypeOf: () => undefined,
        computed: () => names,
        async compute(_, names, __, emit) {
          for (const name of names) emit(name, withBfloat16[name])
        },
        close: () => undefined,
      },
      RecordingError,
    )
    const inputs = { x: BigInt64Array.of(2n ** 62n, -1n) }
    await recordActivations(model, inputs, path)
    using recording = await loadRecording(path)
    expect(await recording.run(inputs, { outputs: 'all' })).toEqual(withBfloat16)
    expect(recording.runtime).toEqual({ name: 'none', options: {} })
  })

  test('holds no more than one tensor at a time', async () => {
    using model = await load()
    let handedOver = 0
    const watched: Model = {
      ...model,
      async run(inputs, options = {}) {
        const { onTensor } = options
        if (onTensor === undefined) throw new Error('all tensors would be in memory')
        return model.run(inputs, {
          ...options,
          onTensor(name, computed) {
            handedOver++
            onTensor(name, computed)
            // What was handed over is on the disk: nobody looks at it any more.
            computed.data.fill(0 as never)
          },
        })
      },
    }
    await recordActivations(watched, { x }, path)
    expect(handedOver).toBe(model.blobs.length)
    using recording = await loadRecording(path)
    expect(await recording.run({ x }, { outputs: 'all' })).toEqual(await model.run({ x }, { outputs: 'all' }))
    expect(readdirSync(folder)).toEqual(['model.safetensors'])
  })

  test('is replaced as a whole, or not at all', async () => {
    using model = await load()
    await recordActivations(model, { x }, path)
    const before = readFileSync(path)
    await expect(recordActivations(model, { x, y: x }, path)).rejects.toThrow('"y"')
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(readdirSync(folder)).toEqual(['model.safetensors'])
  })
})

test('refuses what is no recording', async () => {
  using model = await load()
  await expect(recordActivations(model, { x }, join(folder, 'model.npz'))).rejects.toThrow('ends in .safetensors')
  expect(existsSync(join(folder, 'model.npz'))).toBe(false)
  await expect(loadRecording(path)).rejects.toThrow('no such file')
  writeFileSync(path, 'text, and more text')
  await expect(loadRecording(path)).rejects.toThrow('not a .safetensors file')
  const example = new URL('../../examples/voiceprint/data/ecapa.safetensors', import.meta.url)
  await expect(loadRecording(example)).rejects.toThrow('ecapa.safetensors is no recording')
})

test.each([
  ['inputs', '[null]', 'inputs[0]: expected an object, found null'],
  ['inputs', '[{"name":"x","shape":[3],"dtype":"float31","sha256":""}]', 'inputs[0].dtype: expected one of float32'],
  ['inputs', '[{"name":"x","shape":"3","dtype":"float32","sha256":""}]', 'inputs[0].shape: expected a list, found "3"'],
  ['outputs', '{}', 'outputs: expected a list, found {}'],
  ['outputs', '[{"name":7}]', 'outputs[0].name: expected text, found 7'],
  ['outputs', '[{"name":"out","shape":[-2]}]', 'outputs[0].shape[0]: expected the length of an axis, found -2'],
  ['blobs', '["a", 1]', 'blobs[1]: expected text, found 1'],
  ['blobs', '[', 'blobs: Unexpected end of JSON input'],
  ['layers', '[{"name":"a","type":"ReLU","inputs":[]}]', 'layers[0].outputs: expected a list, found nothing'],
  ['engineOptions', 'null', 'engineOptions: expected an object, found null'],
])('damaged metadata: %s %s', async (name, json, problem) => {
  using model = await load()
  await recordActivations(model, { x }, path)
  const { metadata, tensors } = decodeSafetensors(readFileSync(path))
  writeFileSync(path, encodeSafetensors(tensors, { ...metadata, [name]: json }))
  const failure = loadRecording(path)
  await expect(failure).rejects.toThrow(RecordingError)
  await expect(failure).rejects.toThrow(`${path}: the metadata is damaged: ${problem}`)
})
