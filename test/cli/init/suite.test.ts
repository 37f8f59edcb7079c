// The text of a test: names that are no variables, several inputs and outputs, and the ways in which modules are written.
import { expect, test } from 'vitest'
import { type Suite, suiteText } from '../../../src/cli/init/suite.ts'

const suite: Suite = {
  project: {
    testRunner: 'jest',
    typescript: false,
    modules: 'commonjs',
    importExpectFrom: undefined,
    hasNodeTypes: false,
  },
  types: [],
  loader: { name: 'loadTfjs', entry: 'expect-tensor/tfjs' },
  modelPath: '../models/web/model.json',
  recordPath: 'web.reference.safetensors',
  loadOptions: undefined,
  title: 'model.json',
  reference: "what's-it.pt (torch 2.6)",
  inputs: ['in', 'serving/default:0', 'attention_mask'],
  count: 2,
  origin: '2 inputs',
  outputs: [
    { name: 'input', reference: 'a', seen: 0, atol: 1e-6, relativeError: 0 },
    { name: "it's`x`", reference: 'b', seen: 1.25e-5, atol: 3e-5, relativeError: 1e-6 },
  ],
  diagnosis: 'npx expect-tensor diagnose a --reference b --input in=c:1/in',
  isSlow: true,
}

test('CommonJS', () => {
  expect(suiteText(suite)).toMatchInlineSnapshot(`
    "// Does model.json still compute what what's-it.pt (torch 2.6) did?
    // Written by \`expect-tensor init\`, and yours to change.
    // When it fails: npx expect-tensor diagnose a --reference b --input in=c:1/in
    const { join } = require('node:path')
    const tf = require('@tensorflow/tfjs')
    const { readTensor } = require('expect-tensor/files')
    const { loadTfjs } = require('expect-tensor/tfjs')

    const here = (path) => join(__dirname, path)

    /** 2 inputs, and what the reference made of them: \`1/in\`, \`1/serving/default:0\`, \`1/attention_mask\`, \`1/input\`, \`1/it's\`x\`\`, \`2/in\`, ... */
    const recorded = (name) => readTensor(here('web.reference.safetensors'), { name })

    let model
    beforeAll(async () => {
      model = await loadTfjs(tf, here('../models/web/model.json'))
    }, 60_000)
    afterAll(() => model?.close())

    // input: no error was seen; 1e-6 is some units in the last place of its largest number.
    // it's\`x\`: the largest error seen was 1.25e-5; 3e-5 is 2.4 times that.
    test.each([1, 2])('input %i', async (input) => {
      const { input: output1, "it's\`x\`": output2 } = await model.run({
        in: await recorded(\`\${input}/in\`),
        'serving/default:0': await recorded(\`\${input}/serving/default:0\`),
        attention_mask: await recorded(\`\${input}/attention_mask\`),
      })
      expect(output1).toMatchTensor(await recorded(\`\${input}/input\`), { atol: 1e-6 })
      expect(output2).toMatchTensor(await recorded(\`\${input}/it's\\\`x\\\`\`), { atol: 3e-5 })
    }, 60_000)
    "
  `)
})

test('a name out of a model file ends no comment and no string', async () => {
  const name = "a*/ stray()\n\u2028stray() /*'\r`$" + '{stray()}'
  const text = suiteText({ ...suite, title: name, inputs: [name], outputs: [{ ...suite.outputs[0], name }] })
  const read: string[] = []
  const files = { readTensor: (_: string, options: { name: string }) => read.push(options.name), join: () => '' }
  const bodies: ((input: number) => Promise<void>)[] = []
  const given = {
    require: () => ({ ...files, loadTfjs: async () => ({ run: async () => ({ [name]: 8 }) }) }),
    test: { each: () => (_: string, body: () => Promise<void>) => bodies.push(body) },
    beforeAll: (body: () => Promise<void>) => bodies.push(body),
    afterAll: () => undefined,
    expect: (actual: unknown) => ({ toMatchTensor: () => read.push(String(actual)) }),
    stray: () => read.push('stray'),
    __dirname: '',
  }
  new Function(...Object.keys(given), text)(...Object.values(given))
  for (const body of bodies) await body(1)
  expect(read).toEqual([`1/${name}`, `1/${name}`, '8'])
})

test('TypeScript, with types that it names itself', () => {
  const project = { ...suite.project, typescript: true, importExpectFrom: '@jest/globals' } as const
  const text = suiteText({
    ...suite,
    project,
    types: ['node', 'expect-tensor/jest-globals'],
    inputs: ['x'],
    isSlow: false,
  })
  expect(text).toMatchInlineSnapshot(`
    "/// <reference types="node" />
    /// <reference types="expect-tensor/jest-globals" />
    // Does model.json still compute what what's-it.pt (torch 2.6) did?
    // Written by \`expect-tensor init\`, and yours to change.
    // When it fails: npx expect-tensor diagnose a --reference b --input in=c:1/in
    import { join } from 'node:path'
    import * as tf from '@tensorflow/tfjs'
    import type { Model } from 'expect-tensor'
    import { readTensor } from 'expect-tensor/files'
    import { loadTfjs } from 'expect-tensor/tfjs'
    import { afterAll, beforeAll, expect, test } from '@jest/globals'

    const here = (path: string) => join(__dirname, path)

    /** 2 inputs, and what the reference made of them: \`1/x\`, \`1/input\`, \`1/it's\`x\`\`, \`2/x\`, ... */
    const recorded = (name: string) => readTensor(here('web.reference.safetensors'), { name })

    let model: Model
    beforeAll(async () => {
      model = await loadTfjs(tf, here('../models/web/model.json'))
    })
    afterAll(() => model?.close())

    // input: no error was seen; 1e-6 is some units in the last place of its largest number.
    // it's\`x\`: the largest error seen was 1.25e-5; 3e-5 is 2.4 times that.
    test.each([1, 2])('input %i', async (input) => {
      const { input: output1, "it's\`x\`": output2 } = await model.run({
        x: await recorded(\`\${input}/x\`),
      })
      expect(output1).toMatchTensor(await recorded(\`\${input}/input\`), { atol: 1e-6 })
      expect(output2).toMatchTensor(await recorded(\`\${input}/it's\\\`x\\\`\`), { atol: 3e-5 })
    })
    "
  `)
})
