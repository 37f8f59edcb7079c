// Finds the two files of an ncnn model, reads the .param and opens the .bin.

import { describeValue } from '../../arguments/describe.ts'
import { bytesIn } from '../../host/bytes.ts'
import { hasFileSystem } from '../../host/node-modules.ts'
import { openFile, readAll } from '../../host/open-file.ts'
import { decodeText } from '../../host/utf8.ts'
import { modelPath, readModelFile, unreadable } from '../model-file.ts'
import { NcnnError } from './error.ts'
import { loadNcnnOptions, type NcnnFiles } from './options.ts'
import { bytesSource, type WeightSource } from './weight-source.ts'

/** A path of a `.param` (text or binary), or the contents of both files. */
export type NcnnSource = string | URL | NcnnContents

export interface NcnnContents {
  /** The text of a `.param`, or the bytes of a text or binary one. */
  readonly param: string | Uint8Array | ArrayBuffer
  readonly bin: Uint8Array | ArrayBuffer
}

/**
 * Opens a model's files for `use`, and closes them.
 * @param bin path of the .bin; by default the .param's path with `.bin` in place of `.param` or `.param.bin`
 */
export async function withFiles<Result>(
  source: NcnnSource,
  bin: string | URL | undefined,
  use: (files: NcnnFiles) => Promise<Result>,
): Promise<Result> {
  if (isContents(source)) return use(filesOf(source, bin))
  if (!hasFileSystem()) {
    throw new NcnnError(
      'loadNcnn: there are no files here. Fetch both, and give their contents: loadNcnn({ param, bin })',
      { code: 'unsupported' },
    )
  }
  const paramName = modelPath(source, 'loadNcnn', 'a .param file, or { param, bin } with the contents')
  if (!/\.param(\.bin)?$/.test(paramName)) {
    const advice = /\.bin$/.test(paramName) ? ': give the .param, beside which the .bin lies' : ''
    throw new NcnnError(`loadNcnn: expected the path of a .param (or .param.bin) file, got "${paramName}"${advice}`, {
      code: 'wrong-option',
    })
  }
  const binName =
    bin === undefined ? paramName.replace(/\.param(\.bin)?$/, '.bin') : modelPath(bin, 'loadNcnn', 'the .bin')
  const param = readModelFile(paramName, 'the network', NcnnError)
  return withWeights(binName, `the weights of ${paramName}`, (weights) =>
    use({ param: /\.param$/.test(paramName) ? decodeText(param) : param, bin: weights, paramName }),
  )
}

const isContents = (source: unknown): source is NcnnContents =>
  typeof source === 'object' && source !== null && ('param' in source || 'bin' in source)

/** @throws {NcnnError} for what are no contents */
function filesOf(source: NcnnContents, binPath: unknown): NcnnFiles {
  const refuse = (problem: string): never => {
    throw new NcnnError(`loadNcnn: ${problem}`, { code: 'wrong-option' })
  }
  const option = Object.keys(source).find((name) => name !== 'bin' && Object.hasOwn(loadNcnnOptions, name))
  if (option !== undefined) refuse(`${option} stands beside the contents: loadNcnn({ param, bin }, { ${option}: ... })`)
  const param = typeof source.param === 'string' ? source.param : bytesIn(source.param)
  const bin = bytesIn(source.bin)
  if (binPath !== undefined) refuse('`bin` is given twice, among the contents and among the options')
  return {
    param:
      param ?? refuse(`\`param\` must be the text or the bytes of a .param file, got ${describeValue(source.param)}`),
    bin: bytesSource(
      bin ?? refuse(`\`bin\` must be the bytes of a .bin file (a Uint8Array), got ${describeValue(source.bin)}`),
      'bin',
    ),
    paramName: 'param',
  }
}

/** @param what what the file is, for messages */
async function withWeights<Result>(
  path: string,
  what: string,
  use: (weights: WeightSource) => Promise<Result>,
): Promise<Result> {
  const explaining = <Value>(work: () => Value): Value => {
    try {
      return work()
    } catch (error) {
      throw unreadable(error, path, what, NcnnError)
    }
  }
  const file = explaining(() => openFile(path))
  try {
    return await use({
      name: path,
      size: file.size,
      modified: file.modified,
      read: (offset, target) => explaining(() => file.read(offset, target)),
      readAll: () => explaining(() => readAll(file)),
    })
  } finally {
    file.close()
  }
}
