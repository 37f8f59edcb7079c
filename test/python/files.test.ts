// Tensor files, both ways: what we write, numpy and safetensors read bit by bit, and the other way round.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readTensor, readTensors, writeTensor, writeTensors } from '../../src/files/index.ts'
import { decodeNpz } from '../../src/files/npz.ts'
import { decodeSafetensors } from '../../src/files/safetensors.ts'
import { type DType, dtypes } from '../../src/tensor/dtype.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { anyTensor, bitsOf } from '../files/arbitrary.ts'
import { withBfloat16 } from '../files/fixture.ts'
import { describeWithPython, runPython } from './python.ts'

/** A tensor as it travels to Python and back. */
interface PlainTensor {
  readonly dtype: string
  readonly shape: readonly number[]
  /** Little-endian elements in row-major order. */
  readonly bits: string
}
type PlainTensors = Record<string, PlainTensor>

/** Edge values of every dtype, and random bits in random shapes. */
function samples(allowed: readonly DType[]): Record<string, Tensor> {
  const edges = Object.entries(withBfloat16).filter(([, { dtype }]) => allowed.includes(dtype))
  const random = allowed.flatMap((dtype) =>
    fc
      .sample(anyTensor([dtype]), { numRuns: 8, seed: 1 })
      .map((tensor, index) => [`${dtype} ${index}`, tensor] as const),
  )
  return Object.fromEntries([...edges, ...random])
}

function plain(tensors: Readonly<Record<string, Tensor>>): PlainTensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const { dtype, shape, bits } = bitsOf(tensor)
      return [name, { dtype, shape, bits }]
    }),
  )
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-python-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describeWithPython('numpy', ['numpy'], () => {
  const tensors = samples(dtypes.filter((dtype) => dtype !== 'bfloat16'))

  const numpy = `
import numpy as np
def plain(array):
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
    return {"dtype": array.dtype.name, "shape": list(array.shape), "bits": little.tobytes().hex()}
def array_of(t):
    return np.frombuffer(bytes.fromhex(t["bits"]), dtype=np.dtype(t["dtype"]).newbyteorder("<")).reshape(t["shape"])
`

  test('reads our .npy files', async () => {
    const paths: Record<string, string> = {}
    for (const [name, tensor] of Object.entries(tensors)) {
      const path = join(folder, `${name}.npy`)
      await writeTensor(path, tensor)
      paths[name] = path
    }
    const code = `${numpy}
result = {name: plain(np.load(path, allow_pickle=False)) for name, path in args.items()}`
    expect(await runPython<PlainTensors>(code, paths)).toEqual(plain(tensors))
  })

  test.each([false, true])('reads our .npz files, compressed: %s', async (compress) => {
    const path = join(folder, `ours-${compress}.npz`)
    await writeTensors(path, tensors, { compress })
    const code = `${numpy}
import zipfile
assert zipfile.ZipFile(args).testzip() is None
result = {name: plain(array) for name, array in np.load(args, allow_pickle=False).items()}`
    expect(await runPython<PlainTensors>(code, path)).toEqual(plain(tensors))
  })

  test.each([
    ['row-major', 'array'],
    ['Fortran order', 'np.array(array, order="F")'],
    ['big-endian', 'array.astype(array.dtype.newbyteorder(">"))'],
    ['big-endian in Fortran order', 'np.array(array, dtype=array.dtype.newbyteorder(">"), order="F")'],
  ])('writes .npy files that we read: %s', async (_, variant) => {
    const code = `${numpy}
def vary(array):
    return ${variant}
result = {}
for index, (name, t) in enumerate(args["tensors"].items()):
    result[name] = f'{args["folder"]}/theirs{index}.npy'
    np.save(result[name], vary(array_of(t)))`
    const paths = await runPython<Record<string, string>>(code, { tensors: plain(tensors), folder })
    for (const [name, tensor] of Object.entries(tensors)) {
      expect(bitsOf(await readTensor(paths[name] ?? '')), name).toEqual(bitsOf(tensor))
    }
  })

  test.each(['savez', 'savez_compressed'])('%s writes files that we read', async (save) => {
    const path = join(folder, `${save}.npz`)
    const code = `${numpy}
np.${save}(args["path"], **{name: array_of(t) for name, t in args["tensors"].items()})
result = None`
    await runPython(code, { path, tensors: plain(tensors) })
    expect(plain(await readTensors(path))).toEqual(plain(tensors))
  })

  test('arrays of some size: 4 million floats, stored and deflated', async () => {
    const code = `${numpy}
array = np.sin(np.arange(4_000_000, dtype=np.float64)).astype(np.float32).reshape(1000, 4000)
np.savez(args + "/large-stored.npz", x=array)
np.savez_compressed(args + "/large-deflated.npz", x=np.round(array, 2))
result = [plain(array[::500, ::1000])["bits"], plain(np.round(array, 2)[::500, ::1000])["bits"]]`
    const expected = await runPython<string[]>(code, folder)
    for (const [index, name] of ['large-stored', 'large-deflated'].entries()) {
      const { data, shape } = decodeNpz(readFileSync(join(folder, `${name}.npz`))).x ?? {
        data: new Float32Array(0),
        shape: [],
      }
      expect(shape).toEqual([1000, 4000])
      const picked = Float32Array.from(
        [0, 500].flatMap((row) => [0, 1, 2, 3].map((k) => Number(data[row * 4000 + k * 1000]))),
      )
      expect(Buffer.from(picked.buffer).toString('hex')).toBe(expected[index])
    }
  })
})

describeWithPython('safetensors', ['safetensors'], () => {
  const tensors = samples(dtypes)
  const metadata = { 'made by': 'expect-tensor', note: 'ü\n"quoted" \u{1f600}' }

  // The raw interface of the package, which knows every dtype without numpy.
  const code = `
import safetensors
names = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16",
         "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool"}
`

  test('reads our files, metadata included', async () => {
    const path = join(folder, 'ours.safetensors')
    await writeTensors(path, tensors, { metadata })
    const read = await runPython<{ tensors: PlainTensors; metadata: Record<string, string> }>(
      `${code}
with open(args, "rb") as file:
    tensors = safetensors.deserialize(file.read())
with safetensors.safe_open(args, framework="np") as file:
    metadata = file.metadata()
result = {
    "tensors": {n: {"dtype": names[t["dtype"]], "shape": list(t["shape"]), "bits": bytes(t["data"]).hex()} for n, t in tensors},
    "metadata": metadata,
}`,
      path,
    )
    expect(read).toEqual({ tensors: plain(tensors), metadata })
  })

  test('writes the bytes that we write', async () => {
    const [ours, theirs] = [join(folder, 'a.safetensors'), join(folder, 'b.safetensors')]
    const oneKey = { note: metadata.note }
    await writeTensors(ours, tensors, { metadata: oneKey })
    await runPython(
      `${code}
import ctypes
buffers = []
def spec(dtype, shape, data):
    if not hasattr(safetensors, "TensorSpec"):  # before 0.8
        return {"dtype": dtype, "shape": shape, "data": data}
    buffers.append(ctypes.create_string_buffer(data))
    return safetensors.TensorSpec(dtype=dtype, shape=shape, data_ptr=ctypes.addressof(buffers[-1]), data_len=len(data))
tensors = {n: spec(t["dtype"], t["shape"], bytes.fromhex(t["bits"])) for n, t in args["tensors"].items()}
with open(args["path"], "wb") as file:
    file.write(safetensors.serialize(tensors, args["metadata"]))
result = None`,
      { path: theirs, tensors: plain(tensors), metadata: oneKey },
    )
    const read = decodeSafetensors(readFileSync(theirs))
    expect(plain(read.tensors)).toEqual(plain(tensors))
    expect(read.metadata).toEqual(oneKey)
    expect(readFileSync(ours).equals(readFileSync(theirs))).toBe(true)
  })
})

describeWithPython('numpy through safetensors', ['numpy', 'safetensors'], () => {
  test('both ways', async () => {
    const tensors = samples(dtypes.filter((dtype) => dtype !== 'bfloat16'))
    const [ours, theirs] = [join(folder, 'ours-numpy.safetensors'), join(folder, 'theirs-numpy.safetensors')]
    await writeTensors(ours, tensors)
    await runPython(
      `
from safetensors.numpy import load_file, save_file
save_file(load_file(args[0]), args[1])
result = None`,
      [ours, theirs],
    )
    expect(plain(await readTensors(theirs))).toEqual(plain(tensors))
  })
})
