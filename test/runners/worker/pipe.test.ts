// A Python somewhere else, which a command reaches: its program and the model's files go over the pipe.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ModelError } from '../../../src/runners/model-error.ts'
import type { Worker } from '../../../src/runners/worker/process.ts'
import { type PythonOptions, pythonWorkers } from '../../../src/runners/worker/python.ts'

const messages = readFileSync(new URL('../../../src/runners/worker/messages.py', import.meta.url), 'utf8')
/** A model is bytes; running it gives them back. */
const program = `
def load(header, content):
    return content, {'length': len(content)}

def run(model, header, parts):
    if header.get('drop'):
        os._exit(7)
    yield {}, model

serve('1', load, run)
`

const find = (options: PythonOptions, source = messages + program): Promise<Worker> =>
  pythonWorkers({
    source,
    loader: 'loadBytes',
    needs: 'nothing',
    packageName: 'nothing',
    option: 'python',
    mayStartLater: true,
    Failure: ModelError,
  })(options)

/** As ssh: the words become one line, which a shell at the other end takes apart. */
const remote = (...setUp: string[]): string[] => [
  'sh',
  '-c',
  [...setUp, 'exec sh -c "$*"'].join('\n'),
  'remote',
  'python3',
]

const content = new Uint8Array(200_000).map((_, i) => (i * i) >> 3)

async function bytesFrom(worker: Worker, cache?: string): Promise<Uint8Array> {
  const model = await worker.openModel({ header: {}, parts: [content] }, 'bytes', { cache })
  return runModel(model)
}

async function runModel(model: Awaited<ReturnType<Worker['openModel']>>, header = {}): Promise<Uint8Array> {
  let bytes = new Uint8Array(0)
  await model.run({ header, parts: [] }, ({ parts }) => {
    bytes = Uint8Array.from(parts[0])
  })
  return bytes
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'])
    return process.platform !== 'win32'
  } catch {
    return false
  }
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'expect-tensor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe.runIf(hasPython())('a Python behind a command', () => {
  test('needs no quoting, and may be greeted by a banner', async () => {
    const worker = await find({ python: remote('echo "Welcome, it is $(date)"') })
    expect(sameBytes(await bytesFrom(worker), content)).toBe(true)
  })

  test('gets each file once where a folder keeps them', async () => {
    const cache = join(folder, 'kept')
    const sent = async (name: string): Promise<number> => {
      const log = join(folder, name)
      const worker = await find({ python: ['sh', '-c', `tee '${log}' | python3 "$@"`, 'counted'] })
      expect(sameBytes(await bytesFrom(worker, cache), content)).toBe(true)
      return statSync(log).size
    }
    expect(await sent('first')).toBeGreaterThan(content.length)
    expect(await sent('second')).toBeLessThan(content.length)
    const [kept] = readdirSync(cache)
    writeFileSync(join(cache, kept), 'damaged')
    expect(await sent('third')).toBeGreaterThan(content.length)
    expect(sameBytes(readFileSync(join(cache, kept)), content)).toBe(true)
  })

  test('says where it cannot keep files', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const worker = await find({ python: remote() })
    await expect(bytesFrom(worker, join(file, 'cache'))).rejects.toMatchObject({
      code: 'unreadable',
      message: `cannot keep model files in the folder ${file}/cache: Not a directory`,
    })
  })

  test('keeps files beside what a process of the same number left, as containers have', async () => {
    const cache = join(folder, 'kept')
    mkdirSync(join(cache, `${createHash('sha256').update(content).digest('hex')}.1`), { recursive: true })
    const worker = await find({ python: remote() }, `${messages}\nos.getpid = lambda: 1\n${program}`)
    expect(sameBytes(await bytesFrom(worker, cache), content)).toBe(true)
  })

  test('leaves no unfinished files', async () => {
    const cache = join(folder, 'kept')
    const full = 'def replace(*paths):\n    raise OSError(28, "No space left on device")\nos.replace = replace\n'
    const worker = await find({ python: remote() }, `${messages}\n${full}${program}`)
    await expect(bytesFrom(worker, cache)).rejects.toThrow(
      `cannot keep model files in the folder ${cache}: No space left`,
    )
    expect(readdirSync(cache)).toEqual([])
  })

  test('says where its memory does not suffice, and goes on', async () => {
    const little = `
read_whole = read_exactly

def read_exactly(length):
    if length > 100_000:
        raise MemoryError
    return read_whole(length)
`
    const worker = await find({ python: remote() }, `${messages}${little}${program}`)
    await expect(bytesFrom(worker)).rejects.toMatchObject({
      code: 'out-of-memory',
      message: expect.stringMatching(/^the memory where Python runs does not suffice: free some there, /),
    })
    const small = await worker.openModel({ header: {}, parts: [content.subarray(0, 100)] }, 'bytes')
    expect(sameBytes(await runModel(small), content.subarray(0, 100))).toBe(true)
  })

  test('that is gone in the midst of a run is reached again for the next', async () => {
    const worker = await find({ python: remote() })
    const model = await worker.openModel({ header: {}, parts: [content] }, 'bytes')
    const dropped = runModel(model, { drop: true })
    await expect(dropped).rejects.toThrow(/\(sh -c .* remote python3\) ended with exit code 7 while it ran bytes/)
    expect(sameBytes(await runModel(model), content)).toBe(true)
  })

  test('that gets no program says nothing', async () => {
    await expect(find({ python: ['sh', '-c', 'exec python3 "$@" </dev/null', 'deaf'] })).rejects.toThrow(
      'ended with exit code 0 while it started. It wrote nothing on its standard error\n',
    )
  })

  test('says what its program says when it fails', async () => {
    await expect(find({ python: remote() }, 'raise ValueError("not today")')).rejects.toThrow('ValueError: not today')
  })
})

describe.skipIf(process.platform === 'win32')('a command', () => {
  test('that reaches nobody is waited for as long as is allowed', async () => {
    await expect(find({ python: ['sh', '-c', 'exec sleep 100'], startTimeout: 300 })).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining(
        'the Python worker (sh -c exec sleep 100) did not start within 0.3 s. The option `startTimeout`, in milliseconds, allows more',
      ),
    })
  })

  test('that is not there is not to be installed by pip', async () => {
    const error: unknown = await find({ python: ['no-such-ssh', 'board', 'python3'] }).catch((error) => error)
    expect(error).toMatchObject({
      code: 'missing-dependency',
      message: expect.stringMatching(
        /cannot be started: there is no such program: spawn no-such-ssh ENOENT\nNeeded is/,
      ),
    })
    expect((error as Error).message).not.toContain('pip')
  })

  test.each([
    ['gives back what it is sent', 'echo "Welcome to the board"; exec cat'],
    ['ends lines in its own way', `printf 'expect-tensor worker\\r\\n'; exec sleep 100`],
  ])('behind a terminal, which %s, is told at once', async (_, script) => {
    await expect(find({ python: ['sh', '-c', script] })).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/is reached through a terminal, .* docker run -i without -t\nNeeded/),
    })
  })

  test.each([
    [{ python: [] }, "python must be a path or a command such as ['ssh', 'pi@board', 'python3'], got []"],
    [{ python: ['ssh', 5] }, 'got ["ssh",5]'],
    [{ python: [''] }, 'got [""]'],
    [{ python: ['ssh', 'a\0b'] }, 'python must be a path or a command'],
    [{ python: 'python\0' }, 'python must be a path or a command'],
    [{ python: 7 }, 'got 7'],
    [{ startTimeout: 0 }, 'startTimeout must be a positive number of milliseconds, got 0'],
  ])('or a limit that is none is refused: %j', async (options, message) => {
    const error: unknown = await find(options as PythonOptions).catch((error) => error)
    expect(error).toMatchObject({ code: 'wrong-option', message: expect.stringContaining(message) })
  })
})
