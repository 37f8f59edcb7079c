// The worker process: its crashes are errors with its last words, and do not take other models along.
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { nodeModule } from '../../../src/host/node-modules.ts'
import { ModelError } from '../../../src/runners/model-error.ts'
import type { NcnnSession, RawTensor } from '../../../src/runners/ncnn/engines/real/session.ts'
import { openSession } from '../../../src/runners/ncnn/engines/real/worker-session.ts'
import { afterGreeting, encodeFrame, type Frame, frameDecoder, greeting } from '../../../src/runners/worker/frames.ts'
import { createWorker } from '../../../src/runners/worker/process.ts'

/** A worker that adds its process id to what it is fed, hangs when that is zero, and crashes when it is negative. */
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
  for (const piece of [length, json, ...parts]) for (let sent = 0; sent < piece.length; ) sent += fs.writeSync(3, piece, sent)
}
const loaded = new Set()
write({ version: '1', pid: process.pid })
for (;;) {
  const { parts: lengths, ...request } = JSON.parse(read(read(4).readUint32LE()))
  const parts = lengths.map(read)
  if (request.request === 'load') {
    if (parts[0].toString() === 'bad') {
      fs.writeSync(2, 'the reason\\n')
      write({ error: 'cannot load' })
    } else {
      loaded.add(request.model)
      write({})
    }
  } else if (request.request === 'close') {
    loaded.delete(request.model)
    write({})
  } else {
    if (!loaded.has(request.model)) write({ error: 'not loaded' })
    else if (parts[0].readInt32LE() === 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
    else if (parts[0].readInt32LE() < 0) {
      fs.writeSync(2, 'famous last words\\n')
      process.kill(process.pid, 'SIGSEGV')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000)
    } else {
      const answer = Buffer.alloc(4)
      answer.writeInt32LE(process.pid)
      write({ more: true, shape: [1], bits: 32 }, [answer])
      write({ more: true, shape: [parts[0].length / 4], bits: 32 }, [parts[0]])
      write({})
    }
  }
}
`

const worker = () =>
  createWorker({
    what: 'the worker',
    command: process.execPath,
    args: ['-e', program],
    answersOn: 3,
    Failure: ModelError,
  })
const model = (source: string, param = 'good') => ({
  param,
  bin: new Uint8Array(0),
  options: { asked: {}, reference: {} },
  source,
})
const feed = (...values: number[]) => {
  const bytes = new Uint8Array(Int32Array.from(values).buffer)
  return [
    { input: 'x', tensor: { bytes, shape: [values.length], bits: 32 } as RawTensor },
    { extract: 'process', keep: true },
    { extract: 'echo', keep: true },
  ]
}
const integers = ({ bytes }: RawTensor): number[] => [
  ...new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4),
]

/** All blobs of a run. */
const run = async (session: NcnnSession, ...values: number[]): Promise<RawTensor[]> => {
  const blobs: RawTensor[] = []
  await session.run(feed(...values), (blob) => blobs.push(blob))
  return blobs
}

describe('a worker', () => {
  test('starts when it is needed, and runs all models in one process', async () => {
    const shared = worker()
    const [first, second] = [await openSession(shared, model('a')), await openSession(shared, model('b'))]
    const answers = await Promise.all([run(first, 1, 2), run(second, 3), run(first, 4)])
    expect(answers.map(([, echo]) => integers(echo))).toEqual([[1, 2], [3], [4]])
    const { pid } = await shared.greet()
    expect(answers.flatMap(([process]) => integers(process))).toEqual([pid, pid, pid])
  })

  test('that crashes fails the run with its last words; the next run has a new process with the models that are used', async () => {
    const shared = worker()
    const [first, second] = [await openSession(shared, model('a.param')), await openSession(shared, model('b.param'))]
    const [before] = await run(second, 1)
    const crash = run(first, -1)
    const after = run(second, 2)
    await expect(crash).rejects.toMatchObject({
      message: 'the worker crashed with SIGSEGV while it ran a.param\n  famous last words',
      code: 'crashed',
    })
    const [process, echo] = await after
    expect(integers(echo)).toEqual([2])
    expect(integers(process)).not.toEqual(integers(before))
    expect(integers((await run(first, 3))[1])).toEqual([3])
  })

  test('that was killed just before a run runs it all the same', async () => {
    const shared = worker()
    const session = await openSession(shared, model('a.param'))
    const { pid } = await shared.greet()
    process.kill(Number(pid), 'SIGKILL')
    const [by, echo] = await run(session, 7)
    expect(integers(echo)).toEqual([7])
    expect(integers(by)).not.toEqual([pid])
  })

  test('that does not answer in time is ended, and the next run has a new process', async () => {
    const shared = worker()
    const session = await openSession(shared, model('a.param'), { timeout: 2000 })
    await expect(run(session, 0)).rejects.toMatchObject({
      message:
        'the worker was ended: it did not answer within 2 s, while it ran a.param. The option `timeout`, in milliseconds, allows more',
      code: 'timeout',
    })
    expect(integers((await run(session, 3))[1])).toEqual([3])
  })

  test.skipIf(process.platform === 'win32')('that answers while this process is busy is in time', async () => {
    const prompt = createWorker({
      what: 'the worker',
      command: 'sh',
      args: ['-c', `printf '${greeting.trim()}\\n\\014\\000\\000\\000{"parts":[]}'; exec cat >&2`],
      answersOn: 1,
      startTimeout: 500,
      Failure: ModelError,
    })
    const greeted = prompt.greet()
    await new Promise(setImmediate)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000)
    expect(await greeted).toEqual({})
  })

  test.each([0, -1, Number.NaN])('timeout: %d is refused', async (timeout) => {
    await expect(openSession(worker(), model('a'), { timeout })).rejects.toThrow(
      `timeout must be a positive number of milliseconds, got ${timeout}`,
    )
  })

  test('that refuses gives its reason, and goes on', async () => {
    const shared = worker()
    await expect(openSession(shared, model('a', 'bad'))).rejects.toThrow('cannot load\n  the reason')
    const session = await openSession(shared, model('b'))
    session.close()
    expect(integers((await run(await openSession(shared, model('c')), 5))[1])).toEqual([5])
  })

  test('answers to the end when who takes a blob throws, and then says what was thrown', async () => {
    const session = await openSession(worker(), model('a'))
    const taken: RawTensor[] = []
    const refused = session.run(feed(1, 2), (blob) => {
      taken.push(blob)
      throw new RangeError('no more')
    })
    await expect(refused).rejects.toThrow(new RangeError('no more'))
    expect(taken).toHaveLength(1)
    expect(integers((await run(session, 7))[1])).toEqual([7])
  })

  test('takes and gives large tensors', async () => {
    const session = await openSession(worker(), model('a'))
    const values = Array.from({ length: 300_000 }, (_, i) => i)
    expect(integers((await run(session, values.length, ...values.slice(0, 50_000)))[1])).toHaveLength(50_001)
  })

  test('that is not there, or no worker, is an error', async () => {
    const absent = createWorker({
      what: 'the worker',
      command: 'no-such-program',
      args: [],
      answersOn: 1,
      Failure: ModelError,
    })
    await expect(absent.greet()).rejects.toThrow(/^the worker cannot be started: .*ENOENT/)
    const talk = createWorker({
      what: 'the worker',
      command: process.execPath,
      args: ['-p', '"Hello!"'],
      answersOn: 1,
      Failure: ModelError,
    })
    await expect(talk.greet()).rejects.toThrow('the worker ended with exit code 0 while it started\n  Hello!')
    const babble = createWorker({
      what: 'the worker',
      command: process.execPath,
      args: ['-e', `console.log(${JSON.stringify(greeting)} + 'Hello!'.repeat(100)); setTimeout(() => {}, 60_000)`],
      answersOn: 1,
      Failure: ModelError,
    })
    await expect(babble.greet()).rejects.toThrow('the worker is no worker: what it writes are no answers')
    const args = ['-e', 'console.error("I am no worker"); process.exit(3)']
    const other = createWorker({
      what: 'the worker',
      command: process.execPath,
      args,
      answersOn: 1,
      Failure: ModelError,
    })
    await expect(other.greet()).rejects.toThrow('the worker ended with exit code 3 while it started\n  I am no worker')
  })
})

describe('a worker that cannot be started', () => {
  const spawn = vi.spyOn(nodeModule('node:child_process'), 'spawn')
  afterAll(() => spawn.mockRestore())

  test('for want of files is an error, and works once there are some', async () => {
    const child = new EventEmitter()
    spawn.mockImplementationOnce(() => {
      process.nextTick(() => child.emit('error', new Error('spawn node EMFILE')))
      return child as ChildProcess
    })
    const late = worker()
    await expect(late.greet()).rejects.toMatchObject({
      code: 'unsupported',
      message: `the worker cannot be started: this process has too many files open: spawn ${process.execPath} EMFILE`,
    })
    expect(await late.greet()).toHaveProperty('version', '1')
  })

  test('as Node may not start programs is an error', async () => {
    const restricted = new Error('Access to this API has been restricted')
    spawn.mockImplementationOnce(() => {
      throw Object.assign(restricted, { code: 'ERR_ACCESS_DENIED' })
    })
    await expect(worker().greet()).rejects.toMatchObject({
      name: 'ModelError',
      message: `the worker cannot be started: Node runs with --permission and without --allow-child-process: ${restricted.message}`,
    })
  })
})

describe('a blob that cannot be right', () => {
  /** A session with a worker that answers every run with these blobs. */
  const answering = (...frames: Frame[]): Promise<NcnnSession> =>
    openSession(
      {
        greet: async () => ({}),
        openModel: async () => ({
          answer: { header: {}, parts: [] },
          run: async (_, onPart) => frames.forEach(onPart),
          close: () => undefined,
        }),
      },
      model('a'),
    )
  const four = new Uint8Array(16)
  const good: Frame = { header: { shape: [4], bits: 32, batch: 1 }, parts: [four] }
  const steps = [{ extract: 'x', keep: true }]

  test('is told from one that is', async () => {
    const blobs: RawTensor[] = []
    await (await answering(good)).run(steps, (blob) => blobs.push(blob))
    expect(blobs).toEqual([{ bytes: four, shape: [4], bits: 32, batch: 1 }])
  })

  test.each([
    ['another length', { shape: [400], bits: 32, batch: 1 }, [four]],
    ['no bytes', { shape: [4], bits: 32, batch: 1 }, []],
    ['no shape', { bits: 32 }, [four]],
    ['elements of another size', { shape: [2], bits: 64, batch: 1 }, [four]],
    ['a fraction of an axis', { shape: [0.5, 8], bits: 32, batch: 1 }, [four]],
  ])('is an error: %s', async (_, header, parts) => {
    const run = (await answering({ header, parts })).run(steps, () => undefined)
    await expect(run).rejects.toThrow(/^what the worker answered cannot be right: a blob of shape /)
  })

  test.each([[[]], [[good, good]]])('or one too few or too many, is an error', async (frames) => {
    const run = (await answering(...frames)).run(steps, () => undefined)
    await expect(run).rejects.toThrow(`cannot be right: ${frames.length} blobs, where it was asked for 1`)
  })
})

describe('messages', () => {
  const frames: Frame[] = [
    { header: { name: 'größe' }, parts: [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)] },
    { header: {}, parts: [] },
    { header: { a: [1, { b: null }] }, parts: [new Uint8Array(1000).fill(7)] },
  ]
  const bytes = frames.flatMap(encodeFrame).flatMap((piece) => [...piece])

  test.each([1, 2, 3, 5, 100, 10_000])('arrive whole in chunks of %d bytes', (size) => {
    const received: Frame[] = []
    const decode = frameDecoder((frame) => received.push(frame))
    for (let at = 0; at < bytes.length; at += size) decode(Uint8Array.from(bytes.slice(at, at + size)))
    expect(received).toEqual(frames)
  })

  test.each([
    'null',
    '7',
    '{}',
    '{"parts":7}',
    '{"parts":["5"]}',
    '{"parts":[0.5]}',
    '{"parts":[-5,5]}',
    '{"parts":[1e300]}',
    '{"parts":[1e12]}',
  ])('have a header: %s is none', (header) => {
    const json = Buffer.from(header)
    const decode = frameDecoder(() => undefined)
    const length = Uint8Array.of(json.length, 0, 0, 0)
    expect(() => decode(Buffer.concat([length, json, Buffer.from('hello')]))).toThrow()
  })

  test.each([1, 2, 7, 10_000])('begin after the greeting, whatever is written before: chunks of %d bytes', (size) => {
    const received: Frame[] = []
    const take = afterGreeting(
      frameDecoder((frame) => received.push(frame)),
      () => undefined,
    )
    const all = [...new TextEncoder().encode(`Welcome to expect-tensor\n${greeting}`), ...bytes]
    for (let at = 0; at < all.length; at += size) take(Uint8Array.from(all.slice(at, at + size)))
    expect(received).toEqual(frames)
  })
})
