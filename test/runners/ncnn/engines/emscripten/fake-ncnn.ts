// A stand-in for an Emscripten build of ncnn: the C API over a real, small WebAssembly memory, with ncnn's habits. It leaves gaps between
// channels, packs blobs by four where it can, keeps pointers into the weights, forgets blobs that were read (light mode), gives blobs
// without elements when asked for one too late, and grows its memory, which detaches every view.
import type { EmscriptenModule } from '../../../../../src/runners/ncnn/engines/emscripten/index.ts'

interface Mat {
  readonly shape: readonly number[]
  readonly elemsize: number
  readonly elempack: number
  readonly cstep: number
  readonly data: number
  readonly batch: number
  /** Bytes from one sample to the next. */
  readonly step: number
}

interface Layer {
  readonly type: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

const empty: Mat = { shape: [], elemsize: 0, elempack: 0, cstep: 0, data: 0, batch: 1, step: 0 }

export interface FakeNcnn {
  readonly module: EmscriptenModule & Record<string, unknown>
  /** Number of allocations that were not freed. */
  readonly live: () => number
  /** The options that were set, by their setters' names. */
  readonly options: Record<string, number>
}

/** @param batches whether the build knows of batches */
export function fakeNcnn(printErr: (text: string) => void = () => undefined, batches = false): FakeNcnn {
  const memory = new WebAssembly.Memory({ initial: 1 })
  const live = new Set<number>()
  const options: Record<string, number> = {}
  const objects = new Map<number, unknown>()
  let top = 16

  // Every allocation takes new addresses, so that the memory grows often and no stale pointer works by luck.
  const malloc = (bytes: number): number => {
    const address = top
    top += Math.ceil((bytes + 16) / 64) * 64
    while (top > memory.buffer.byteLength) memory.grow(1)
    live.add(address)
    return address
  }
  const free = (address: number): void => {
    if (!live.delete(address)) throw new Error(`free(${address}): not allocated`)
  }
  const text = (address: number): string => {
    const bytes = new Uint8Array(memory.buffer, address)
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)))
  }
  const word = (address: number): DataView => new DataView(memory.buffer, address, 4)
  const object = <T>(address: number): T => {
    if (!objects.has(address)) throw new Error(`no object at ${address}`)
    return objects.get(address) as T
  }
  const create = (value: unknown): number => {
    const address = malloc(4)
    objects.set(address, value)
    return address
  }
  const destroy = (address: number): void => {
    object(address)
    objects.delete(address)
    free(address)
  }

  const createMat = (shape: readonly number[], elemsize: number, batch = 1): Mat => {
    const plane = shape.slice(shape.length > 2 ? 1 : 0).reduce((a, b) => a * b, 1)
    const cstep = Math.ceil((plane * elemsize) / 16) * (16 / elemsize)
    const channels = shape.length > 2 ? shape[0] : 1
    const step = channels * cstep * elemsize + 64
    const data = malloc(batch * step)
    new Uint8Array(memory.buffer, data, batch * step).fill(0x7f)
    return { shape, elemsize, elempack: 1, cstep, data, batch, step }
  }
  const destroyMat = (mat: Mat): void => {
    if (mat.data !== 0) free(mat.data)
  }
  const elements = (mat: Mat, sample: number): number[] => {
    const channels = mat.shape.length > 2 ? mat.shape[0] : 1
    const plane = mat.shape.slice(mat.shape.length > 2 ? 1 : 0).reduce((a, b) => a * b, 1)
    const all = new Float32Array(memory.buffer, mat.data + sample * mat.step, channels * mat.cstep)
    return Array.from({ length: channels }, (_, q) => [...all.subarray(q * mat.cstep, q * mat.cstep + plane)]).flat()
  }
  const fill = (mat: Mat, samples: readonly (readonly number[])[]): Mat => {
    const channels = mat.shape.length > 2 ? mat.shape[0] : 1
    for (const [sample, values] of samples.entries()) {
      const plane = values.length / channels
      const all = new Float32Array(memory.buffer, mat.data + sample * mat.step, channels * mat.cstep)
      for (let q = 0; q < channels; q++) all.set(values.slice(q * plane, (q + 1) * plane), q * mat.cstep)
    }
    return mat
  }
  const samplesOf = (mat: Mat): number[][] => Array.from({ length: mat.batch }, (_, sample) => elements(mat, sample))
  const clone = (mat: Mat): Mat =>
    mat.data === 0 ? mat : fill(createMat(mat.shape, mat.elemsize, mat.batch), samplesOf(mat))

  const compute: Readonly<Record<string, (inputs: readonly number[][]) => number[]>> = {
    Split: ([x]) => x,
    ReLU: ([x]) => x.map((value) => (value < 0 ? value * 0.5 : value)),
    UnaryOp: ([x]) => x.map((value) => -value),
    AbsVal: ([x]) => x.map(Math.abs),
    BinaryOp: ([a, b]) => a.map((value, i) => value + b[i]),
  }

  interface Net {
    layers: Layer[]
  }
  interface Extractor {
    readonly net: Net
    readonly blobs: Map<string, Mat>
  }
  const runUpTo = ({ net, blobs }: Extractor, name: string): void => {
    if (blobs.has(name)) return
    const layer = net.layers.find(({ outputs }) => outputs.includes(name)) as Layer
    for (const input of layer.inputs) runUpTo({ net, blobs }, input)
    const inputs = layer.inputs.map((input) => blobs.get(input) ?? empty)
    if (inputs.length === 0 || inputs.some(({ data }) => data === 0)) return
    const batch = Math.max(...inputs.map((input) => input.batch))
    const result = Array.from({ length: batch }, (_, sample) =>
      compute[layer.type](inputs.map((input) => elements(input, Math.min(sample, input.batch - 1)))),
    )
    for (const output of layer.outputs) {
      destroyMat(blobs.get(output) ?? empty)
      blobs.set(output, fill(createMat(inputs[0].shape, 4, batch), result))
    }
    for (const input of layer.inputs) {
      destroyMat(blobs.get(input) ?? empty)
      blobs.set(input, empty)
    }
  }
  const mat = (address: number): Mat => object<Mat>(address)

  const functions: Record<string, (...values: number[]) => number | undefined> = {
    malloc,
    free: (address) => void free(address),
    ncnn_option_create: () => create({}),
    ncnn_option_destroy: (option) => void destroy(option),
    ncnn_net_create: () => create({ layers: [] } satisfies Net),
    ncnn_net_destroy: (net) => void destroy(net),
    ncnn_net_get_option: () => 0,
    ncnn_net_set_option: () => undefined,
    ncnn_datareader_create_from_memory: (position) => create({ position }),
    ncnn_datareader_destroy: (reader) => void destroy(reader),
    ncnn_net_load_param_memory(net, address) {
      const lines = text(address).split('\n').slice(2)
      for (const line of lines) {
        const [type, , inputs, outputs, ...names] = line.split(/\s+/)
        if (type !== 'Input' && compute[type] === undefined) {
          printErr(`layer ${type} not exists or registered`)
          return -1
        }
        const count = Number(inputs)
        const layer = { type, inputs: names.slice(0, count), outputs: names.slice(count, count + Number(outputs)) }
        object<Net>(net).layers.push(layer)
      }
      return 0
    },
    ncnn_net_load_param_bin_datareader: () => -1,
    ncnn_net_load_model_datareader: () => 0,
    ncnn_extractor_create: (net) => create({ net: object<Net>(net), blobs: new Map() } satisfies Extractor),
    ncnn_extractor_destroy(extractor) {
      for (const blob of object<Extractor>(extractor).blobs.values()) destroyMat(blob)
      destroy(extractor)
      return undefined
    },
    ncnn_extractor_input(extractor, name, address) {
      const { blobs } = object<Extractor>(extractor)
      destroyMat(blobs.get(text(name)) ?? empty)
      blobs.set(text(name), clone(mat(address)))
      return 0
    },
    ncnn_extractor_input_index: () => -1,
    ncnn_extractor_extract(extractor, name, slot) {
      runUpTo(object<Extractor>(extractor), text(name))
      const blob = object<Extractor>(extractor).blobs.get(text(name)) ?? empty
      const packs = blob.shape.length === 1 && blob.shape[0] % 4 === 0
      const copy = clone(blob)
      const packed = { ...copy, shape: [copy.shape[0] / 4], elemsize: 16, elempack: 4 }
      word(slot).setUint32(0, create(packs ? packed : copy), true)
      return 0
    },
    ncnn_extractor_extract_index: () => -1,
    ncnn_mat_create_1d_elem: (w, size) => create(createMat([w], size)),
    ncnn_mat_create_2d_elem: (w, h, size) => create(createMat([h, w], size)),
    ncnn_mat_create_3d_elem: (w, h, c, size) => create(createMat([c, h, w], size)),
    ncnn_mat_create_4d_elem: (w, h, d, c, size) => create(createMat([c, d, h, w], size)),
    ncnn_mat_destroy(address) {
      destroyMat(mat(address))
      destroy(address)
      return undefined
    },
    ncnn_mat_get_dims: (address) => mat(address).shape.length,
    ncnn_mat_get_w: (address) => mat(address).shape.at(-1) ?? 0,
    ncnn_mat_get_h: (address) => mat(address).shape.at(-2) ?? 1,
    ncnn_mat_get_d: (address) => (mat(address).shape.length === 4 ? mat(address).shape[1] : 1),
    ncnn_mat_get_c: (address) => (mat(address).shape.length > 2 ? mat(address).shape[0] : 1),
    ncnn_mat_get_elemsize: (address) => mat(address).elemsize,
    ncnn_mat_get_elempack: (address) => mat(address).elempack,
    ncnn_mat_get_cstep: (address) => mat(address).cstep,
    ncnn_mat_get_data: (address) => mat(address).data,
    ncnn_convert_packing(source, slot) {
      const packed = mat(source)
      const unpacked: Mat = { ...packed, shape: [packed.shape[0] * 4], elemsize: 4, elempack: 1 }
      word(slot).setUint32(0, create(clone(unpacked)), true)
      return undefined
    },
  }
  if (batches) {
    functions.ncnn_mat_get_n = (address) => mat(address).batch
    functions.ncnn_mat_get_batch_data = (address, sample) => mat(address).data + sample * mat(address).step
    functions.ncnn_mat_create_1d_elem_batch = (w, size, _, n) => create(createMat([w], size, n))
    functions.ncnn_mat_create_2d_elem_batch = (w, h, size, _, n) => create(createMat([h, w], size, n))
    functions.ncnn_mat_create_3d_elem_batch = (w, h, c, size, _, n) => create(createMat([c, h, w], size, n))
    functions.ncnn_mat_create_4d_elem_batch = (w, h, d, c, size, _, n) => create(createMat([c, d, h, w], size, n))
  }
  const version = 32
  const start = new Uint8Array(memory.buffer)
  start.set(new TextEncoder().encode('1.0.fake\0'), version)
  top = 128
  functions.ncnn_version = () => version
  for (const name of ['num_threads', 'use_packing_layout', 'use_fp16_storage', 'use_bf16_storage']) {
    functions[`ncnn_option_set_${name}`] = (_, value) => {
      options[name] = value
      return undefined
    }
  }
  for (const name of ['sgemm_convolution', 'winograd_convolution', 'fp16_packed', 'fp16_arithmetic', 'bf16_packed']) {
    functions[`ncnn_option_set_use_${name}`] = () => undefined
  }
  const entries = Object.entries(functions).map(([name, call]) => [`_${name}`, call])
  const module = Object.fromEntries(entries)
  Object.defineProperty(module, 'HEAPU8', { get: () => new Uint8Array(memory.buffer), enumerable: true })
  return { module, live: () => live.size, options }
}
