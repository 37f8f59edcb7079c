import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeTensor, writeTensors } from '../../src/files/index.ts'
import { runProgram } from './run-program.ts'

const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-compare-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  await writeTensor(at('one.npy'), Float32Array.of(1, 2))
  await writeTensors(at('off.npz'), { other: Float32Array.of(1, 2.5) })
  await writeTensors(at('a.safetensors'), { logits: Float32Array.of(1, 2.5), scores: Float32Array.of(1) })
  await writeTensors(at('b.npz'), { logits: Float32Array.of(1, 2), scores: Float32Array.of(1) })
  await writeTensors(at('more.npz'), { logits: Float32Array.of(1, 2), more: Float32Array.of(1) })
  for (const [name, value] of [
    ['x', 2],
    ['y', 2.5],
  ] as const) {
    mkdirSync(at(`${name}/deep`), { recursive: true })
    await writeTensor(at(`${name}/deep/out.npy`), Float32Array.of(1, value))
  }
})

test('single tensors are compared whatever their names; the exit code says whether they match', async () => {
  const loose = await runProgram('compare', at('one.npy'), at('off.npz'), '--atol', '1')
  expect(loose).toMatchObject({ code: 0, err: '' })
  expect(loose.out).toMatchInlineSnapshot(`
    "tensor  margin  max error
    other      50%  0.5        all of 2 elements within tolerance"
  `)
  const tight = await runProgram('compare', at('one.npy'), at('off.npz'))
  expect(tight.code).toBe(1)
  expect(tight.out).toMatch(/^Tensors do not match: other \(1 of 1 tensor\)/)
})

test('many tensors by name, with a tolerance for one of them', async () => {
  const args = ['compare', at('a.safetensors'), at('b.npz'), '--atol', '1e-5']
  expect(await runProgram(...args)).toMatchObject({ code: 1 })
  expect(await runProgram(...args, '--atol', 'logits:1')).toMatchObject({ code: 0 })
  expect(
    await runProgram('compare', '--atol', '1e-5', 'logits:1', 'scores:0', at('a.safetensors'), at('b.npz')),
  ).toMatchObject({ code: 0 })
  expect(await runProgram(...args, 'logits:1e-3')).toMatchObject({ code: 1 })
  const { out } = await runProgram(...args, '--json')
  expect(JSON.parse(out)).toMatchObject({
    pass: false,
    tensors: [
      { name: 'logits', pass: false, margin: expect.closeTo(50_000) },
      { name: 'scores', pass: true, margin: 0 },
    ],
  })
})

test('missing and additional tensors fail', async () => {
  const { code, out } = await runProgram('compare', at('more.npz'), at('b.npz'), '--json')
  expect(code).toBe(1)
  expect(JSON.parse(out).tensors.map(({ name, pass }: { name: string; pass: boolean }) => [name, pass])).toEqual([
    ['logits', true],
    ['scores', false],
    ['more', false],
  ])
})

test('folders by the paths of their files', async () => {
  expect((await runProgram('compare', at('x'), at('y'), '--atol', 'deep/out:1')).out).toMatch(/deep\/out +50%/)
  expect(await runProgram('compare', at('x'), at('y'))).toMatchObject({ code: 1 })
})

test.each([
  [['one.npy', 'off.npz', '--squeeze', 'other:1'], /expected two files or two folders/],
  [['one.npy'], /expected two files or two folders/],
  [['one.npy', 'off.npz', '--atol', 'much'], /--atol much: expected a number/],
  [['one.npy', 'off.npz', '--atol', 'nobody:1'], /there is no tensor 'nobody' to have a tolerance/],
  [['one.npy', 'off.npz', '--normalize', 'l7'], /normalize/],
])('compare %j is a wrong command line', async (args, message) => {
  const paths = args.map((arg) => (/\.n/.test(arg) ? at(arg) : arg))
  const { code, err } = await runProgram('compare', ...paths)
  expect(err).toMatch(message)
  expect(code).toBe(2)
})

test('files without a tensor are no match', async () => {
  await writeTensors(at('none.npz'), {})
  const { code, err } = await runProgram('compare', at('none.npz'), at('none.npz'))
  expect(code).toBe(2)
  expect(err).toContain('there is nothing to compare: neither')
})
