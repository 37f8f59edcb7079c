// Snapshot files in Python: tensors and metadata as they were stored.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tensor } from '../../src/tensor/to-tensor.ts'
import { startRun, storedFile } from '../snapshots/fake-runner.ts'
import { describeWithPython, runPython } from './python.ts'

const out0 = tensor(Float32Array.of(1.5, -2, 0.25, 4, 5, 6), [2, 3])
const out1 = tensor(BigInt64Array.of(-(2n ** 53n), 7n))
const large = tensor(Float32Array.from({ length: 4096 }, (_, i) => i % 13))

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-python-'))
  const run = startRun(folder, 'new')
  run.assert('one', out0, { atol: 1e-4, metadata: { engine: 'wasm, useFp16Storage' } })
  run.assert('record', { out0, out1 })
  run.assert('fingerprint', large, { storage: 'fingerprint' })
  run.finish()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describeWithPython('safetensors.numpy', ['numpy', 'safetensors'], () => {
  const load = `
from safetensors import safe_open
from safetensors.numpy import load_file
tensors = {name: {"dtype": t.dtype.name, "shape": list(t.shape), "values": t.ravel().tolist()} for name, t in load_file(args).items()}
with safe_open(args, framework="np") as file:
    metadata = file.metadata()
result = {"tensors": tensors, "metadata": metadata}`

  test('a tensor, and what its metadata says', async () => {
    expect(await runPython(load, storedFile(folder, 'one 1'))).toEqual({
      tensors: { tensor: { dtype: 'float32', shape: [2, 3], values: [1.5, -2, 0.25, 4, 5, 6] } },
      metadata: {
        'expect-tensor': expect.stringMatching(/^\d+\.\d+\.\d+/),
        test: 'one 1',
        contents: 'tensor',
        storage: 'full',
        options: '{"atol":0.0001}',
        engine: 'wasm, useFp16Storage',
      },
    })
  })

  test('a record, by its names', async () => {
    const { tensors } = await runPython<{ tensors: object }>(load, storedFile(folder, 'record 1'))
    expect(tensors).toEqual({
      out0: { dtype: 'float32', shape: [2, 3], values: [1.5, -2, 0.25, 4, 5, 6] },
      out1: { dtype: 'int64', shape: [2], values: [-(2 ** 53), 7] },
    })
  })

  test('a fingerprint, part by part', async () => {
    const { tensors } = await runPython<{ tensors: Record<string, { shape: number[] }> }>(
      load,
      storedFile(folder, 'fingerprint 1'),
    )
    const shapes = Object.entries(tensors).map(([name, { shape }]) => [name, shape])
    expect(Object.fromEntries(shapes)).toEqual({
      'sketch/tensor': [512],
      'axis0/tensor': [48],
      'top/tensor': [32],
      'topAt/tensor': [32],
    })
  })
})
