import { describe, expect, test } from 'vitest'
import { parseParamText } from '../../../src/runners/ncnn/param-text.ts'
import { bitsOfFloat } from '../../../src/runners/ncnn/words.ts'

const parse = (...lines: string[]) => parseParamText(lines.join('\n'), 'net.param')

describe('a network', () => {
  test('has layers with names, blobs and parameters', () => {
    const { layers } = parse('7767517', '2 2', 'Input in 0 1 data', 'ReLU relu1 1 1 data out 0=0.1')
    expect(layers).toEqual([
      { type: 'Input', name: 'in', inputs: [], outputs: ['data'], params: new Map(), position: 'line 3' },
      {
        type: 'ReLU',
        name: 'relu1',
        inputs: ['data'],
        outputs: ['out'],
        params: new Map([[0, { words: [0x3dcccccd], type: 'float', isArray: false }]]),
        position: 'line 4',
      },
    ])
  })

  test('may have CRLF, a byte order mark, comments, blank lines and trailing blanks', () => {
    const text = '\uFEFF7767517\r\n# made by hand\r\n\r\n1 1  \r\nInput   in  0 1 data   \r\n\r\n'
    expect(parseParamText(text, 'net.param').layers).toHaveLength(1)
  })
})

describe('parameters', () => {
  const params = (text: string) => parse('7767517', '1 1', `Op op 0 1 out ${text}`).layers[0]?.params
  const int = (...words: number[]) => ({ words, type: 'int', isArray: false })
  const ints = (...words: number[]) => ({ words, type: 'int', isArray: true })
  const float = (value: number) => ({ words: [bitsOfFloat(value)], type: 'float', isArray: false })
  const floats = (...values: number[]) => ({ words: values.map(bitsOfFloat), type: 'float', isArray: true })

  test.each([
    ['integers', '0=16 1=-233', { 0: int(16), 1: int(-233) }],
    [
      'floats, in single precision',
      '0=1.250000 1=1e-05 2=-3.402823e+38',
      { 0: float(1.25), 1: float(1e-5), 2: float(-3.402823e38) },
    ],
    ['arrays with a length', '-23303=3,1,2,3', { 3: ints(1, 2, 3) }],
    ['empty arrays with a length', '-23303=0', { 3: ints() }],
    [
      'arrays with a length, of what the last element is',
      '-23303=2,1,2.5 -23304=2,2.5,1',
      { 3: { ...ints(1, bitsOfFloat(2.5)), type: 'float' }, 4: ints(bitsOfFloat(2.5), 1) },
    ],
    ['arrays without a length, of what the first element is', '3=0.5,2,-1', { 3: floats(0.5, 2, -1) }],
    ['arrays of one element', '3=7,', { 3: ints(7) }],
    ['strings', '6=bilinear', { 6: 'bilinear' }],
    ['quoted strings with blanks', '6="0w, -1" 7=1', { 6: '0w, -1', 7: int(1) }],
  ] as const)('%s', (_, text, expected) => {
    expect(Object.fromEntries(params(text) ?? [])).toEqual(expected)
  })
})

describe('what ncnn reads though it is odd', () => {
  const names = (text: string) => parseParamText(text, 'net.param').layers.map(({ name }) => name)

  test.each([
    ['lines that end with carriage returns alone', '7767517\r2 2\rInput in 0 1 a\rExp e 1 1 a b\r'],
    ['a header on one line', '7767517 2 2\nInput in 0 1 a\nExp e 1 1 a b'],
    ['a header on three lines', '7767517\n2\n2\nInput in 0 1 a\nExp e 1 1 a b'],
    ['a NUL behind the text', '7767517\n2 2\nInput in 0 1 a\nExp e 1 1 a b\n\0garbage'],
    ['a Ctrl-Z behind the text', '7767517\n2 2\nInput in 0 1 a\nExp e 1 1 a b\n\x1A'],
    ['a quotation mark in a name', '7767517\n2 2\nInput in 0 1 a"1\nExp e 1 1 a"1 b'],
    ['a blob that is named like a parameter', '7767517\n2 2\nInput in 0 1 1=x\nExp e 1 1 1=x b'],
  ])('%s', (_, text) => {
    expect(names(text)).toEqual(['in', 'e'])
  })

  test('layers behind those that are declared, which it ignores', () => {
    const graph = parse('7767517', '1 1', 'Input in 0 1 a', 'Exp e 1 1 a b', 'Exp f 1 1 b c')
    expect(graph.layers).toHaveLength(1)
    expect(graph.isPartial).toBe(true)
    expect(graph.notes).toEqual(['line 2 declares 1 layers, but 3 follow; ncnn ignores the last 2'])
  })

  test.each([
    ['-23301=2,1,0.5', 1],
    ['-23301=2,0.5,1', 1],
    ['-23301=2,0,0.5', 0],
    ['-23301=2,1.0,0.5', 0],
    ['-23301=2,1,2', 0],
  ])('%s: %d notes on numbers that ncnn misreads', (array, count) => {
    const { notes } = parse('7767517', '1 1', `Op o 0 1 out ${array}`)
    expect(notes).toHaveLength(count)
    for (const note of notes) expect(note).toMatch(/^line 3: -23301=2,\S+ mixes whole numbers and others/)
  })

  test('too small a number of blobs', () => {
    const graph = parse('7767517', '1 1', 'Split s 0 2 a b')
    expect(graph.notes).toEqual(['line 2 declares 1 blobs, but there are 2'])
    expect(graph.isPartial).toBe(false)
  })
})

test.each([
  ['the first format', '2 2\nInput data 0 1 data', 'a converter of 2017'],
  ['the second format', '7767516\n2 2', 'a converter of 2017'],
  ['a web page', '<!DOCTYPE html>\n<html>', 'a web page'],
  ['JSON', '{"format":"graph-model"}', 'loadTfjs'],
  ['a Git LFS pointer', 'version https://git-lfs.github.com/spec/v1', 'git lfs pull'],
  ['an ONNX model', '\x08\x08\x12\x07pytorch', 'loadOnnx'],
  ['UTF-16', '\uFFFD\uFFFD7\x007\x006\x007\0', 'UTF-16'],
])('what it is instead: %s', (_, text, words) => {
  expect(() => parseParamText(text, 'net.param')).toThrow(words)
})

describe('what is wrong is named, with its line', () => {
  test.each([
    ['an empty file', '', 'net.param: the file is empty; an ncnn .param file starts with 7767517'],
    [
      'another format',
      'hello',
      'net.param, line 1: expected ncnn\'s magic number 7767517, found "hello". Is this an ncnn .param file?',
    ],
    [
      'zeros',
      '\0\0\0\0',
      'net.param: the file begins with zeros (is it the .bin?); an ncnn .param file starts with 7767517',
    ],
    [
      'a file cut after its first line',
      '7767517',
      'net.param: the file ends after its first line; "<layers> <blobs>" must follow',
    ],
    ['bad counts', '7767517\n1 x', 'net.param, line 2: expected "<layer count> <blob count>", found "1 x"'],
    ['negative counts', '7767517\n-1 1', 'net.param, line 2: expected "<layer count> <blob count>", found "-1 1"'],
    [
      'missing layers',
      '7767517\n3 3\nInput in 0 1 data',
      'net.param, line 2: 3 layers are declared, but 1 follow. Was the file cut or edited?',
    ],
    [
      'too few fields',
      '7767517\n1 1\nInput in',
      'net.param, line 3: a layer needs at least "type name inputs outputs", found 2 fields: "Input in"',
    ],
    [
      'too few blobs',
      '7767517\n1 1\nReLU r 1 1 a',
      'net.param, line 3: layer "r" declares 1 inputs and 1 outputs, but only 1 fields follow',
    ],
    [
      'parameters among the blobs',
      '7767517\n1 1\nReLU r 1 1 a 0=1',
      'net.param, line 3: layer "r" declares 1 inputs and 1 outputs, but "0=1" among them is a parameter',
    ],
    [
      'counts that are no numbers',
      '7767517\n1 1\nReLU r one 1 a b',
      'net.param, line 3: layer "r": expected the numbers of inputs and outputs, found "one 1"',
    ],
    [
      'an array whose length lies',
      '7767517\n1 1\nOp o 0 1 out -23303=4,1,2',
      'net.param, line 3: layer "o": array -23303 says it has 4 elements, but 2 follow',
    ],
    [
      'an id out of range',
      '7767517\n1 1\nOp o 0 1 out 99=1',
      'net.param, line 3: layer "o": parameter id 99 is outside 0 to 31',
    ],
    [
      'a parameter without a value',
      '7767517\n1 1\nOp o 0 1 out 0=',
      'net.param, line 3: layer "o": parameter 0 has no value',
    ],
    [
      'a value that is no number',
      '7767517\n1 1\nOp o 0 1 out 0=1.2.3',
      'net.param, line 3: layer "o": parameter 0: expected a number, found "1.2.3"',
    ],
    [
      'an integer of more than 32 bits',
      '7767517\n1 1\nOp o 0 1 out 0=99999999999',
      'net.param, line 3: layer "o": parameter 0: 99999999999 does not fit 32 bits',
    ],
    [
      'a float beyond 32 bits',
      '7767517\n1 1\nOp o 0 1 out 0=1e39',
      'net.param, line 3: layer "o": parameter 0: 1e39 does not fit a float of 32 bits',
    ],
    [
      'an array of integers with another number in it',
      '7767517\n1 1\nOp o 0 1 out 0=1,2.5',
      'net.param, line 3: layer "o": array 0 begins with an integer, but element 1 is none: "1,2.5"',
    ],
    [
      'a string without an end',
      '7767517\n1 1\nOp o 0 1 out 6="0w',
      'net.param, line 3: layer "o": the string of parameter 6 does not end: "0w',
    ],
    [
      'a stray word',
      '7767517\n1 1\nOp o 0 1 out hello',
      'net.param, line 3: layer "o": expected a parameter such as "0=16", found "hello"',
    ],
  ])('%s', (_, text, message) => {
    expect(() => parseParamText(text, 'net.param')).toThrow(expect.objectContaining({ name: 'NcnnError', message }))
  })

  test('and long garbage is shortened', () => {
    expect(() => parseParamText('x'.repeat(1e6), 'net.param')).toThrow(/found "x{57}\.\.\."/)
  })
})
