// A network in ncnn, reached through its C API. The same for a shared library and for a WebAssembly module.
import { NcnnError } from '../../error.ts'
import type { BlobRef, RawModel, RawTensor, Step } from '../real/session.ts'
import { type BatchFunctions, batchFunctions } from './batches.ts'
import { isNull, type NcnnLibrary, type Pointer } from './functions.ts'
import { createMat, readMat } from './mat.ts'
import { checkVulkan, selectVulkanDevice, setOptions } from './options.ts'

/** A session whose work is done when a call returns. */
export interface SynchronousSession {
  run(steps: readonly Step[], onBlob: (blob: RawTensor) => void): void
  close(): void
  /** The graphics processor that computes, where one does and the library can be asked for its name. */
  readonly device: string | undefined
  /** Whether tensors may have batches. */
  readonly batches: boolean
}

/**
 * Loads a network.
 * @throws {NcnnError} with ncnn's return code, when it refuses; its reason is on the standard error
 */
export function openNet(library: NcnnLibrary, model: Pick<RawModel, 'param' | 'bin' | 'options'>): SynchronousSession {
  const { ncnn } = library
  const net = ncnn.ncnn_net_create()
  // ncnn's weights point into the bytes they were loaded from.
  const kept: Pointer[] = []
  const close = (): void => {
    ncnn.ncnn_net_destroy(net)
    for (const pointer of kept) library.free(pointer)
  }
  let device: string | undefined
  try {
    device = applyOptions(library, net, model)
    if (typeof model.param === 'string') {
      check(ncnn.ncnn_net_load_param_memory(net, model.param), 'cannot load the .param')
    } else {
      const load = (reader: Pointer): number => ncnn.ncnn_net_load_param_bin_datareader(net, reader)
      loadFrom(library, kept, model.param, '.param', load)
    }
    loadFrom(library, kept, model.bin, '.bin', (reader) => ncnn.ncnn_net_load_model_datareader(net, reader))
    checkVulkan(library, net, model.options)
  } catch (error) {
    close()
    throw error
  }
  const batches = batchFunctions(library)
  return {
    run: (steps, onBlob) => run({ library, net, batches }, steps, onBlob),
    close,
    device,
    batches: batches !== undefined,
  }
}

/** Sets the options, and returns the name of the graphics processor that they choose. */
function applyOptions(library: NcnnLibrary, net: Pointer, { options }: Pick<RawModel, 'options'>): string | undefined {
  const { ncnn } = library
  const device = selectVulkanDevice(library, net, options)
  const option = ncnn.ncnn_option_create()
  try {
    setOptions(library, option, options)
    ncnn.ncnn_net_set_option(net, option)
    return device
  } finally {
    ncnn.ncnn_option_destroy(option)
  }
}

/** Zeros behind the bytes that ncnn reads, so that it may read on a little in a file that is too short. */
const slackBytes = 2 ** 12

/**
 * Lets ncnn read bytes. ncnn does not know where they end: that none behind them were read is checked here.
 * @param kept takes the address of the bytes, to be freed after the net
 */
function loadFrom(
  library: NcnnLibrary,
  kept: Pointer[],
  bytes: Uint8Array,
  what: string,
  load: (reader: Pointer) => number,
): void {
  const { ncnn } = library
  const start = library.alloc(bytes.length + slackBytes)
  const position = library.alloc(8)
  kept.push(start, position)
  const view = library.view(start, bytes.length + slackBytes)
  view.set(bytes)
  view.fill(0, bytes.length)
  library.writePointer(position, start)
  const reader = ncnn.ncnn_datareader_create_from_memory(position)
  try {
    check(load(reader), `cannot load the ${what}`)
  } finally {
    ncnn.ncnn_datareader_destroy(reader)
  }
  const read = Number(library.readPointer(position)) - Number(start)
  if (read > bytes.length)
    throw new NcnnError(`ncnn read ${read} bytes of the ${what}, which has ${bytes.length}`, { code: 'runtime-failed' })
}

interface OpenNet {
  readonly library: NcnnLibrary
  readonly net: Pointer
  readonly batches: BatchFunctions | undefined
}

function run(open: OpenNet, steps: readonly Step[], onBlob: (blob: RawTensor) => void): void {
  const { library, net, batches } = open
  const { ncnn } = library
  const extractor = ncnn.ncnn_extractor_create(net)
  const inputs: Pointer[] = []
  try {
    for (const step of steps) {
      if ('input' in step) {
        const mat = createMat(library, step.tensor, batches)
        inputs.push(mat)
        check(
          feed(library, extractor, step.input, mat),
          `does not take an input for blob ${JSON.stringify(step.input)}`,
        )
      } else {
        const result = extract(open, extractor, step.extract)
        if (step.keep) onBlob(result)
      }
    }
  } finally {
    ncnn.ncnn_extractor_destroy(extractor)
    for (const mat of inputs) ncnn.ncnn_mat_destroy(mat)
  }
}

const feed = ({ ncnn }: NcnnLibrary, extractor: Pointer, blob: BlobRef, mat: Pointer): number =>
  typeof blob === 'number'
    ? ncnn.ncnn_extractor_input_index(extractor, blob, mat)
    : ncnn.ncnn_extractor_input(extractor, blob, mat)

function extract({ library, net, batches }: OpenNet, extractor: Pointer, blob: BlobRef): RawTensor {
  const { ncnn } = library
  return withMats(library, (created) => {
    const slot = created()
    const code =
      typeof blob === 'number'
        ? ncnn.ncnn_extractor_extract_index(extractor, blob, slot)
        : ncnn.ncnn_extractor_extract(extractor, blob, slot)
    check(code, `cannot compute blob ${JSON.stringify(blob)}`)
    const mat = library.readPointer(slot)
    if (ncnn.ncnn_mat_get_elempack(mat) === 1) return readMat(library, mat, batches)
    const unpacked = created()
    ncnn.ncnn_convert_packing(mat, unpacked, 1, ncnn.ncnn_net_get_option(net))
    return readMat(library, library.readPointer(unpacked), batches)
  })
}

/** Slots into which ncnn writes the addresses of Mats that it makes; all are destroyed in the end. */
function withMats<Result>(library: NcnnLibrary, use: (created: () => Pointer) => Result): Result {
  const slots: Pointer[] = []
  try {
    return use(() => {
      const slot = library.alloc(8)
      slots.push(slot)
      library.writePointer(slot, 0)
      return slot
    })
  } finally {
    for (const slot of slots) {
      const mat = library.readPointer(slot)
      if (!isNull(mat)) library.ncnn.ncnn_mat_destroy(mat)
      library.free(slot)
    }
  }
}

/** ncnn reports failure by a return code, and crashes if one goes on regardless. */
function check(code: number, what: string): void {
  if (code !== 0) throw new NcnnError(`ncnn ${what} (return code ${code})`, { code: 'runtime-failed' })
}
