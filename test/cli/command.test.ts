// The shape of a command: what it is handed, what its help says, and what every command has.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { defineCommand, type Terminal, UsageError } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/index.ts'
import { bundleProgram } from '../bundle-program.ts'
import { runProgram } from './run-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-command-'))
afterAll(() => rmSync(folder, { recursive: true }))

const greet = defineCommand({
  summary: 'greet',
  positionals: '<name...>',
  description: 'Greets.',
  options: {
    loud: { type: 'boolean', short: 'l', help: 'in capitals' },
    with: { type: 'string', multiple: true, value: '<words>', help: 'what to say' },
  },
  async run({ values, positionals, out, err, isTerminal, width }) {
    // typed by the declaration above
    const words: readonly string[] = values.with ?? ['hello']
    const loud: boolean = values.loud ?? false
    out([...words, ...positionals].map((word) => (loud ? word.toUpperCase() : word)).join(' '))
    err(`${isTerminal} ${width}`)
    return values.json ? 1 : 0
  },
})

async function run(...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = []
  const terminal: Terminal = {
    out: (line) => void lines.push(`out ${line}`),
    err: (line) => void lines.push(`err ${line}`),
    status: () => undefined,
    isTerminal: true,
    hasColors: true,
    width: 80,
  }
  return { code: await greet.run('greet', args, terminal), lines }
}

test('is handed values, positionals and the terminal', async () => {
  expect(await run('a', '-l', '--with', 'good', '--with', 'day', 'b')).toEqual({
    code: 0,
    lines: ['out GOOD DAY A B', 'err true 80'],
  })
  expect(await run('a', '--json')).toEqual({ code: 1, lines: ['out hello a', 'err true 80'] })
})

test('its help is made of what it declares', async () => {
  expect(await run('--help', 'a')).toEqual({ code: 0, lines: [`out ${greet.usage('greet')}`] })
  expect(greet.usage('greet')).toMatchInlineSnapshot(`
    "Usage: expect-tensor greet <name...> [options]

    Greets.

    Options:
      -l, --loud      in capitals
      --with <words>  what to say (may be repeated)
      --json          print JSON, for programs
      -h, --help      print this"
  `)
})

test.each([['--quiet'], ['--with'], ['--loud=yes']])('%s is refused', async (option) => {
  await expect(run(option)).rejects.toThrow(UsageError)
})

describe.each(Object.keys(commands))('%s', (name) => {
  test('prints its help', async () => {
    const { code, out, err } = await runProgram(name, '-h')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(new RegExp(`^Usage: expect-tensor ${name} `))
    expect(out).toContain('--json')
  })

  test('points to its help when an option is wrong', async () => {
    expect(await runProgram(name, '--no-such-option')).toEqual({
      code: 2,
      out: '',
      err: expect.stringMatching(
        new RegExp(`^expect-tensor ${name}: Unknown option.*\nSee expect-tensor ${name} --help$`, 's'),
      ),
    })
  })
})

describe('the program', () => {
  test('lists its commands', async () => {
    const { code, out } = await runProgram('--help')
    expect(code).toBe(0)
    for (const name of Object.keys(commands)) expect(out).toMatch(new RegExp(`^  ${name} `, 'm'))
    expect(await runProgram()).toEqual({ code: 2, out, err: '' })
  })

  test('says which version it is', async () => {
    expect(await runProgram('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  })

  test('guesses what a wrong command was meant to be', async () => {
    expect(await runProgram('prun')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no command 'prun' \(did you mean 'prune'\?\)/),
    })
  })

  test('fails with exit code 1', async () => {
    expect(await runProgram('inspect', 'no-such.param')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^expect-tensor inspect: cannot read no-such\.param/),
    })
  })

  test('ends without an error when its reader has seen enough', async () => {
    const model = 'examples/voiceprint/models/ecapa-fp16.ncnn.param'
    const program = await bundleProgram(`import './src/cli/bin.ts'`, folder)
    const child = spawn(process.execPath, [program, 'inspect', model])
    child.stdout.destroy()
    const errors: string[] = []
    child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text))
    expect(await once(child, 'close')).toEqual([0, null])
    expect(errors.join('')).toBe('')
  })
})
