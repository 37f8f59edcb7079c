// The engine of the native worker, with a stand-in for the worker: what it reports, and what is said when something goes wrong.
import { describe, expect, test } from 'vitest'
import {
  loadNcnn,
  type Model,
  NcnnError,
  type WorkerEngineOptions,
  workerEngine,
} from '../../../../../src/runners/ncnn/index.ts'

/**
 * Speaks as the worker does, and takes every blob that is asked for to be what was fed. Fed zero it hangs, fed a negative number it ends
 * with that exit code, fed NaN it is killed.
 */
const program = `
const fs = require('node:fs')
const read = (length) => {
  const bytes = Buffer.alloc(length)
  for (let got = 0; got < length; ) {
    const n = fs.readSync(0, bytes, got, length - got)
    if (n === 0) process.exit()
    got += n
  }
  return bytes
}
const write = (header, parts = []) => {
  const json = Buffer.from(JSON.stringify({ ...header, parts: parts.map((part) => part.length) }))
  const length = Buffer.alloc(4)
  length.writeUint32LE(json.length)
  for (const piece of [length, json, ...parts]) for (let sent = 0; sent < piece.length; ) sent += fs.writeSync(1, piece, sent)
}
const said = JSON.parse(process.argv[1])
fs.writeSync(1, 'Welcome!\\nexpect-tensor worker\\n')
write(said)
for (;;) {
  const { parts: lengths, request, options, steps } = JSON.parse(read(read(4).readUint32LE()))
  const parts = lengths.map(read)
  if (request === 'load' && said.exhausted) process.exit(137)
  if (request === 'load') write({ batches: true, device: options.asked.use_vulkan_compute ? 'Mali' : undefined })
  if (request === 'close') write({})
  if (request !== 'run') continue
  const fed = parts[0].readFloatLE()
  if (fed < 0) {
    fs.writeSync(2, 'error: device not found\\n')
    process.exit(-fed)
  }
  if (Number.isNaN(fed)) process.kill(process.pid, 'SIGKILL')
  if (fed === 0 || Number.isNaN(fed)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
  const [{ shape, bits, batch }] = steps
  for (const { keep } of steps) if (keep) write({ more: true, shape, bits, batch }, [parts[0]])
  write({})
}
`

const phone = {
  protocol: 1,
  version: '1.0.20261020',
  machine: 'aarch64',
  features: ['fp16', 'bf16', 'i8mm'],
  cores: 8,
  name: 'Google Pixel 8',
}

/** A command of its own for each test: workers are shared by command. */
let commands = 0
const standIn = (said: object = phone): string[] => [
  process.execPath,
  '-e',
  program,
  JSON.stringify(said),
  `${commands++}`,
]

const files = { param: '7767517\n2 2\nInput in 0 1 x\nReLU r 1 1 x y\n', bin: new Uint8Array(0) }
const load = (options: WorkerEngineOptions, ncnn = {}): Promise<Model> =>
  loadNcnn(files, { engine: workerEngine(options), ncnn })
const run = async (model: Model, ...x: number[]): Promise<number[]> =>
  Array.from((await model.run({ x })).y.data, Number)

/** What is said when a model is loaded so, and its code. */
async function refusal(options: WorkerEngineOptions): Promise<Pick<NcnnError, 'message' | 'code'>> {
  const error: unknown = await load(options).catch((error) => error)
  if (!(error instanceof NcnnError)) throw new Error(`expected an NcnnError, got ${error}`)
  return { message: error.message, code: error.code }
}

const advice =
  /\nThe command has to start a program built from this package's device\/worker\.cpp, .*device-worker --help/

describe('a worker', () => {
  test('names its ncnn, its processor and what that can, and the device that computes', async () => {
    const model = await load({ command: standIn() }, { useVulkanCompute: true })
    expect(model.runtime).toEqual({
      name: 'worker',
      version: 'ncnn 1.0.20261020 (aarch64 fp16 bf16 i8mm, 8 cores, Google Pixel 8)',
      options: { useVulkanCompute: true, device: 'Mali' },
    })
    expect(await run(model, 3, 4)).toEqual([3, 4])
  })

  test('may know little of its machine', async () => {
    const command = standIn({ ...phone, features: [], cores: 1, name: '' })
    expect(await workerEngine({ command }).version()).toBe('ncnn 1.0.20261020 (aarch64, 1 core)')
  })

  test('of another release is to be built again', async () => {
    expect(await refusal({ command: standIn({ ...phone, protocol: 2 }) })).toEqual({
      code: 'unsupported',
      message: expect.stringMatching(
        /^the worker \(.*\) was built from another release of this package: build it again, from what `npx expect-tensor device-worker` prints$/s,
      ),
    })
  })

  test('on a device that is unplugged in the midst of a run is reached again for the next', async () => {
    const model = await load({ command: standIn() })
    await expect(run(model, -1)).rejects.toMatchObject({
      code: 'crashed',
      message: expect.stringMatching(/ended with exit code 1 while it ran param\n {2}error: device not found$/),
    })
    expect(await run(model, 5)).toEqual([5])
  })

  test('that is killed in the midst of a run is reached again for the next', async () => {
    const model = await load({ command: standIn() })
    await expect(run(model, Number.NaN)).rejects.toThrow(
      /crashed with SIGKILL while it ran param.*\nThis is how systems end what takes more memory than they have: free some there, store the weights in 16 bits/s,
    )
    expect(await run(model, 6)).toEqual([6])
  })

  test('that takes too long is ended, and the next run works', async () => {
    const model = await load({ command: standIn(), timeout: 2000 })
    await expect(run(model, 0)).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('within 2 s'),
    })
    expect(await run(model, 7)).toEqual([7])
  })

  test('whose machine has not the memory for the model', async () => {
    // as shells and adb tell of SIGKILL
    expect(await refusal({ command: standIn({ ...phone, exhausted: true }) })).toEqual({
      code: 'crashed',
      message: expect.stringMatching(
        /ended with exit code 137 while it loaded param.*\nThis is how systems end what takes more memory than they have/s,
      ),
    })
  })
})

describe('a command', () => {
  test('that is not there', async () => {
    const { code, message } = await refusal({ command: ['no-such-adb', 'shell', '/data/local/tmp/worker'] })
    expect(code).toBe('missing-dependency')
    expect(message).toMatch(
      /^the worker \(no-such-adb shell \/data\/local\/tmp\/worker\) cannot be started: .*ENOENT\n/,
    )
    expect(message).toMatch(advice)
  })

  test.skipIf(process.platform === 'win32')('whose far side has no ncnn', async () => {
    const loader = './worker: error while loading shared libraries: libncnn.so.1: cannot open shared object file'
    const { code, message } = await refusal({ command: ['sh', '-c', `echo '${loader}' >&2; exit 127`] })
    expect(code).toBe('crashed')
    expect(message).toContain(`ended with exit code 127 while it started\n  ${loader}`)
    expect(message).toMatch(advice)
  })

  test.skipIf(process.platform === 'win32')('that reaches nobody is waited for as long as is allowed', async () => {
    const { code, message } = await refusal({ command: ['sh', '-c', 'exec sleep 100'], startTimeout: 300 })
    expect(code).toBe('timeout')
    expect(message).toContain('the worker (sh -c exec sleep 100) did not start within 0.3 s. The option `startTimeout`')
    expect(message).toMatch(advice)
  })

  test.skipIf(process.platform === 'win32')('behind a terminal is told at once', async () => {
    const { code, message } = await refusal({
      command: ['sh', '-c', `printf 'expect-tensor worker\\r\\n'; exec sleep 100`],
    })
    expect(code).toBe('unsupported')
    expect(message).toContain('is reached through a terminal, which changes what is sent. Leave it out: ssh -T')
  })

  test.each([
    [
      undefined,
      "command must be a list of words such as ['adb', 'shell', '-T', '/data/local/tmp/worker'], got undefined",
    ],
    [{ command: './worker' }, 'got the string "./worker"'],
    [{ command: [] }, 'command must be a list of words'],
    [{ command: ['ssh', 5] }, 'command must be a list of words'],
    [{ command: [''] }, 'command must be a list of words'],
    [{ command: ['./worker'], startTimeout: 0 }, 'startTimeout must be a positive number of milliseconds, got 0'],
    [{ command: ['./worker'], python: 'python3' }, "unknown option 'python'"],
  ])('or an option that is none is refused: %j', (options, message) => {
    const make = () => workerEngine(options as WorkerEngineOptions)
    expect(make).toThrow(expect.objectContaining({ code: 'wrong-option', message: expect.stringContaining(message) }))
  })
})
