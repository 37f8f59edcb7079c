// What device/worker.cpp says twice, for lack of a way to share it with TypeScript.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { camelCase } from '../../src/runners/ncnn/engines/real/options.ts'
import { ncnnSwitches } from '../../src/runners/ncnn/options.ts'

const source = readFileSync(new URL('../../device/worker.cpp', import.meta.url), 'utf8')

test('the options of ncnn', () => {
  const names = Array.from(source.matchAll(/EACH\((\w+_\w+|lightmode)\)/g), ([, name]) => camelCase(name))
  // which is no option of ncnn's, but a property of its net
  expect([...names, 'vulkanDeviceIndex'].sort()).toEqual(Object.keys(ncnnSwitches).sort())
})

test('the number of the protocol', () => {
  const engine = readFileSync(new URL('../../src/runners/ncnn/engines/worker/index.ts', import.meta.url), 'utf8')
  const number = (text: string): string | undefined => /\bprotocol = (\d+)/.exec(text)?.[1]
  expect(number(source)).toMatch(/^\d+$/)
  expect(number(source)).toBe(number(engine))
})
