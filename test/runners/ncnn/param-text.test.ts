import { describe, expect, test } from 'vitest'
import { parseParamText } from '../../../src/runners/ncnn/param-text.ts'

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
        params: new Map([[0, Math.fround(0.1)]]),
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

  test.each([
    [
      'integers',
      '0=16 1=-233',
      [
        [0, 16],
        [1, -233],
      ],
    ],
    [
      'floats, in single precision',
      '0=1.250000 1=1e-05 2=-3.402823e+38',
      [
        [0, 1.25],
        [1, Math.fround(1e-5)],
        [2, Math.fround(-3.402823e38)],
      ],
    ],
    ['arrays with a length', '-23303=3,1,2,3', [[3, [1, 2, 3]]]],
    ['empty arrays with a length', '-23303=0', [[3, []]]],
    ['arrays without a length', '3=0.5,2,-1', [[3, [0.5, 2, -1]]]],
    ['arrays of one element', '3=7,', [[3, [7]]]],
    ['strings', '6=bilinear', [[6, 'bilinear']]],
    [
      'quoted strings with blanks',
      '6="0w, -1" 7=1',
      [
        [6, '0w, -1'],
        [7, 1],
      ],
    ],
  ] as const)('%s', (_, text, expected) => {
    expect([...(params(text) ?? [])]).toEqual(expected)
  })
})

describe('what is wrong is named, with its line', () => {
  test.each([
    ['an empty file', '', 'net.param: the file is empty; an ncnn .param file starts with 7767517'],
    [
      'another format',
      '<html>',
      'net.param, line 1: expected ncnn\'s magic number 7767517, found "<html>". Is this an ncnn .param file?',
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
      'too many blobs',
      '7767517\n1 1\nSplit s 0 2 a b',
      'net.param, line 2: 1 blobs are declared, but the layers produce 2',
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
