// The program of the worker thread in which LiteRT.js runs. Its own tensors know three element types; here bytes go in and out.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInThisContext } from 'node:vm'
import { workerData } from 'node:worker_threads'
import { firstLine } from '../../create-model.ts'
import { answerInOrder } from '../../worker/answer-in-order.ts'
import type { RawTensor } from '../engine.ts'

/** What is asked of the worker; a session is named by a number. */
export type WorkerRequest =
  | { readonly type: 'start' }
  | { readonly type: 'open'; readonly session: number; readonly model: Uint8Array }
  | { readonly type: 'run'; readonly session: number; readonly inputs: readonly Uint8Array[] }
  | { readonly type: 'release'; readonly session: number }

/** As much of LiteRT.js as is used. */
interface Core {
  loadLiteRt(folder: string): Promise<LiteRt>
  supportsFeature(feature: 'relaxedSimd'): Promise<boolean>
  readonly Environment: new (options: { webGpuDevice: null }) => { readonly liteRtEnvironment: Environment }
}

interface LiteRt {
  readonly liteRtWasm: Wasm
}

type Environment = object

interface Deletable {
  delete(): void
}

interface Wasm {
  readonly HEAPU8: Uint8Array
  _malloc(bytes: number): number
  _free(pointer: number): void
  loadModel(environment: Environment, pointer: number, bytes: number): WasmModel
  compileModel(environment: Environment, model: WasmModel, options: object): CompiledModel | Promise<CompiledModel>
  readonly LiteRtTensorBuffer: {
    createManaged(environment: Environment, kind: unknown, type: TensorType, bytes: number): TensorBuffer
  }
  readonly LiteRtTensorBufferType: { readonly HOST_MEMORY: unknown }
  readonly LiteRtTensorBufferLockMode: { readonly READ: unknown; readonly WRITE: unknown }
}

interface WasmModel extends Deletable {
  getInputTensorType(signature: number, index: number): TensorType
}

interface CompiledModel extends Deletable {
  run(signature: number, inputs: readonly TensorBuffer[]): TensorBuffer[] | Promise<TensorBuffer[]>
}

interface TensorType extends Deletable {
  layout(): Layout
}

interface Layout extends Deletable {
  dimensions(): Deletable & { size(): number; get(index: number): number }
}

interface TensorBuffer extends Deletable {
  lock(mode: unknown): number
  unlock(): void
  packedSize(): number
  tensorType(): TensorType
}

interface Opened {
  readonly pointer: number
  readonly model: WasmModel
  readonly compiled: CompiledModel
}

const sessions = new Map<number, Opened>()
let wasm: Wasm
let environment: Environment

async function start(): Promise<object> {
  const root = join(dirname(workerData.path), '..')
  const folder = join(root, 'wasm/')
  // It misses a graphics card, and says so.
  for (const method of ['log', 'info', 'warn', 'error'] as const) console[method] = () => undefined
  // LiteRT.js is written for the worker of a browser.
  Object.assign(globalThis, {
    self: globalThis,
    importScripts: (script: string) => runInThisContext(readFileSync(script, 'utf8'), script),
    Module: {
      locateFile: (file: string) => join(folder, file),
      printErr: (line: string) => words.push(line),
    },
  })
  const core: Core = await import(pathToFileURL(workerData.path).href)
  wasm = (await core.loadLiteRt(folder)).liteRtWasm
  environment = new core.Environment({ webGpuDevice: null }).liteRtEnvironment
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return { version, relaxedSimd: await core.supportsFeature('relaxedSimd') }
}

async function open(content: Uint8Array): Promise<Opened> {
  const pointer = wasm._malloc(content.length)
  wasm.HEAPU8.set(content, pointer)
  try {
    const model = wasm.loadModel(environment, pointer, content.length)
    const compiled = await wasm.compileModel(environment, model, { accelerator: 'wasm', cpuOptions: { numThreads: 1 } })
    return { pointer, model, compiled }
  } catch (error) {
    wasm._free(pointer)
    throw error
  }
}

async function run({ model, compiled }: Opened, inputs: readonly Uint8Array[]): Promise<RawTensor[]> {
  const buffers = inputs.map((bytes, index) => fill(model.getInputTensorType(0, index), bytes))
  try {
    return (await compiled.run(0, buffers)).map(read)
  } finally {
    for (const buffer of buffers) buffer.delete()
  }
}

function fill(type: TensorType, bytes: Uint8Array): TensorBuffer {
  const buffer = wasm.LiteRtTensorBuffer.createManaged(
    environment,
    wasm.LiteRtTensorBufferType.HOST_MEMORY,
    type,
    bytes.length,
  )
  type.delete()
  const pointer = buffer.lock(wasm.LiteRtTensorBufferLockMode.WRITE)
  wasm.HEAPU8.set(bytes, pointer)
  buffer.unlock()
  return buffer
}

function read(buffer: TensorBuffer): RawTensor {
  const type = buffer.tensorType()
  const layout = type.layout()
  const dimensions = layout.dimensions()
  const shape = Array.from({ length: dimensions.size() }, (_, axis) => dimensions.get(axis))
  const pointer = buffer.lock(wasm.LiteRtTensorBufferLockMode.READ)
  const bytes = wasm.HEAPU8.slice(pointer, pointer + buffer.packedSize())
  buffer.unlock()
  for (const used of [dimensions, layout, type, buffer]) used.delete()
  return { shape, bytes }
}

function release({ pointer, model, compiled }: Opened): void {
  compiled.delete()
  model.delete()
  wasm._free(pointer)
}

interface Answer {
  readonly value?: unknown
  readonly failed?: string
}

/** What LiteRT prints while it works. */
const words: string[] = []

answerInOrder(async (request: WorkerRequest) => {
  words.length = 0
  const { value, failed } = await answer(request).catch((error: unknown): Answer => ({ failed: firstLine(error) }))
  // It may print an error and go on with outputs that were never written; what it throws only names a line of its source.
  const reasons = words.filter((line) => line.startsWith('ERROR')).map((line) => line.replace(/^ERROR: /, '').trim())
  if (failed !== undefined) reasons.push(failed)
  if (reasons.length > 0) throw new Error(`LiteRT.js: ${reasons.join('; ')}`)
  return value
})

async function answer(request: WorkerRequest): Promise<Answer> {
  if (request.type === 'start') return { value: await start() }
  const { session } = request
  if (request.type === 'open') {
    sessions.set(session, await open(request.model))
    return {}
  }
  const opened = sessions.get(session)
  if (opened === undefined) throw new Error(`there is no session ${session}`)
  if (request.type === 'run') return { value: await run(opened, request.inputs) }
  release(opened)
  sessions.delete(session)
  return {}
}
