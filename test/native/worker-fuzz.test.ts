// Damaged requests: the worker answers them in words, or ends with a sentence; it neither crashes nor hangs nor touches other memory. ncnn
// may crash: it does when it is to compute what depends on a blob that was not fed. The other end does not ask for that.
// FUZZ_RUNS and FUZZ_SEED say how many are tried and which.
import { spawn } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { afterGreeting, encodeFrame, type Frame, frameDecoder } from '../../src/runners/worker/frames.ts'
import { diamond } from '../runners/ncnn/engines/real/model-suite.ts'

const { checked = '' } = inject('build')
const runs = Number(process.env.FUZZ_RUNS ?? 300)
const seed = Number(process.env.FUZZ_SEED ?? 7)

interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly answers: readonly Frame[]
  readonly words: string
}

/** What a worker makes of these bytes on its standard input, and of its end. */
function outcome(bytes: Uint8Array): Promise<Outcome> {
  const options = 'allocator_may_return_null=1'
  const child = spawn(checked, { timeout: 20_000, env: { ...process.env, ASAN_OPTIONS: options } })
  const answers: Frame[] = []
  let words = ''
  const decode = frameDecoder((frame) => answers.push(frame))
  child.stdout.on(
    'data',
    afterGreeting(decode, () => undefined),
  )
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words += text
  })
  // it may have ended before it has read everything
  child.stdin.on('error', () => undefined)
  child.stdin.end(bytes)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, answers, words }))
  })
}

const options = { asked: { num_threads: 1, use_bf16_storage: 0 }, reference: { use_packing_layout: 0 } }
const input = { input: 'x', shape: [1, 2, 3], bits: 32, batch: 1 }
const conversation: readonly Frame[] = [
  { header: { request: 'load', model: 0, text: true, options }, parts: [Buffer.from(diamond), new Uint8Array(0)] },
  {
    header: { request: 'run', model: 0, steps: [input, { extract: 'a', keep: true }, { extract: 'out', keep: true }] },
    parts: [new Uint8Array(new Float32Array(6).buffer)],
  },
  { header: { request: 'close', model: 0 }, parts: [] },
]

const header = (json: string): Uint8Array => {
  const bytes = Buffer.from(json)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** One message as its header, in words, and what follows. */
const messages = conversation.map((frame) => {
  const [, json, ...parts] = encodeFrame(frame)
  return { json: Buffer.from(json).toString(), parts: Buffer.concat(parts) }
})

/** What could stand there as well, what is hard to read, and what means too much. */
const oddities = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 70 }).map(String) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('8', '16', '"y"', '"out"', '"b"', '[1]', '[1,1,1,6]', '[2,3,1,1,1]', '[9,9]'),
  },
  fc.constantFrom('null', 'true', '-1', '0.5', '1e300', '-1e300', '9007199254740993', '281474976710657', '2147483648'),
  fc.constantFrom('""', '[]', '{}', '{"input":7}', '[[1]]', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\u0000"', '"\\x"', '"'),
  fc.integer({ min: 1, max: 100_000 }).map((depth) => '['.repeat(depth)),
  fc.integer({ min: 1, max: 100_000 }).map((length) => JSON.stringify('a'.repeat(length))),
  fc.json({ maxDepth: 3 }),
  fc.string({ maxLength: 8 }),
)

/** Puts a mark in place of each value in turn. */
function* marked(value: unknown): Generator<unknown> {
  yield mark
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    for (const changed of marked(inner)) {
      yield Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed }
    }
  }
}
const mark = 'another value'

/** A header in which one value is another. */
const changedValue = (json: string) =>
  fc
    .tuple(fc.constantFrom(...marked(JSON.parse(json))), oddities)
    .map(([header, oddity]) => JSON.stringify(header).replace(JSON.stringify(mark), () => oddity))

/** A header with bytes that were overwritten, left out or put in. */
const changedBytes = (json: string) =>
  fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 8 })).map(([place, gone, put]) => {
    const bytes = Buffer.from(json)
    const at = place % bytes.length
    return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]).toString('latin1')
  })

/** A conversation of which one header is damaged. */
const damagedHeader = fc
  .nat({ max: messages.length - 1 })
  .chain((index) =>
    fc
      .oneof(changedValue(messages[index].json), changedBytes(messages[index].json))
      .map((json) =>
        Buffer.concat(messages.flatMap((message, i) => [header(i === index ? json : message.json), message.parts])),
      ),
  )

const whole = Buffer.concat(messages.flatMap(({ json, parts }) => [header(json), parts]))

/** A conversation that breaks off, or anything at all. */
const broken = fc.oneof(
  fc.nat({ max: whole.length }).map((length) => whole.subarray(0, length)),
  fc.uint8Array({ maxLength: 1000 }),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([header(messages[0].json), messages[0].parts, bytes])),
)

describe.skipIf(!checked)('the worker', () => {
  test('understands the requests as they are', async () => {
    const { code, signal, answers, words } = await outcome(whole)
    expect({ code, signal, words }).toEqual({ code: 0, signal: null, words: '' })
    expect(answers.map((frame) => frame.header.error ?? frame.parts.length)).toEqual([0, 0, 1, 1, 0, 0])
  })

  test(`answers ${runs} conversations that are damaged`, { timeout: runs * 1000 + 60_000 }, async () => {
    let [refused, ended, crashed] = [0, 0, 0]
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: damagedHeader }, broken), async (bytes) => {
        const { code, signal, answers, words } = await outcome(bytes)
        if (/^ncnn crashed \(SIGSEGV\) while it computed blob/m.test(words)) {
          crashed++
          return
        }
        expect(signal, words).toBeNull()
        expect([0, 2], words).toContain(code)
        if (code === 2) expect(words).toMatch(/^the worker ends: /m)
        ended += Number(code === 2)
        const errors = answers.flatMap((frame) => (frame.header.error === undefined ? [] : [frame.header.error]))
        for (const error of errors) expect(error).toMatch(/^[a-zA-Z]/)
        refused += Number(errors.length > 0)
      }),
      { numRuns: runs, seed },
    )
    expect(crashed).toBeLessThan(runs / 10)
    // what ends at once tests little
    expect(refused).toBeGreaterThan(runs / 10)
    expect(ended).toBeGreaterThan(runs / 10)
  })
})
