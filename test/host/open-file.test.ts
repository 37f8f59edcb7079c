// Without a file system, as in a browser, whoever is given a path says what to hand over instead.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { decodeNpy, encodeNpy, readTensor } from '../../src/files/index.ts'
import { openFile } from '../../src/host/open-file.ts'
import { loadOnnx } from '../../src/runners/onnx/index.ts'
import { tensor } from '../../src/tensor/to-tensor.ts'

beforeEach(() => {
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
})
afterEach(() => vi.restoreAllMocks())

test('a file', () => {
  expect(() => openFile('model.json')).toThrow(/there are no files here\. In a browser, fetch it and give its bytes/)
})

test('a tensor file names the decoders, which work', async () => {
  await expect(readTensor('fbank.npy')).rejects.toThrow(/^fbank\.npy: there are no files here.*fetch it.*decodeNpy/)
  expect(decodeNpy(encodeNpy(tensor([1, 2]))).data).toEqual(Float64Array.of(1, 2))
})

test('an ONNX model, also one that is given as bytes', async () => {
  await expect(loadOnnx(new Uint8Array())).rejects.toThrow(/ONNX models run in Node/)
})
