// `expect-tensor compare actual.npz reference.npz --atol 1e-3`: do the tensors of two files, or folders of files, match?
import { readdirSync, statSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { checkOptions } from '../compare/options/check-options.ts'
import type { CompareOptions } from '../compare/options/options.ts'
import { comparePairs, type NamedComparison, pairUp } from '../compare/records.ts'
import { summarize } from '../compare/summary.ts'
import { columns } from '../explain/columns.ts'
import { describeMatch } from '../explain/comparison.ts'
import { explainRecord } from '../explain/record.ts'
import { renderText } from '../explain/text.ts'
import { readTensorSync, readTensorsSync, tensorFileExtensions } from '../files/read-write.ts'
import { reasonOf } from '../host/reason.ts'
import { describeError, describeMargin } from '../report/describe.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { defineCommand, UsageError } from './command.ts'
import { parseNumber } from './model-pair.ts'

type Tensors = Readonly<Record<string, Tensor>>

/** For all tensors, and for some by name. */
const bounds = { type: 'string', value: '<[tensor:]number...>', multiple: true, more: /^.+:[-+\d.e]+$/i } as const

export const compare = defineCommand({
  summary: 'compare the tensors of two files or folders',
  positionals: '<actual> <reference>',
  description: `Compares .npy, .npz and .safetensors files, tensor by tensor by their names, or all such files of two folders by their paths. Of two files
with one tensor each the names do not matter. A tolerance may be that of one tensor: --atol 1e-5 logits:1e-4. Without any, it is that
of the dtype. The exit code is 0 when all tensors match, 1 when not.`,
  options: {
    atol: { ...bounds, help: 'absolute tolerance' },
    rtol: { ...bounds, help: 'relative tolerance' },
    normalize: { type: 'string', value: '<l2>', help: 'compare after l2, l1, max, minmax, zscore or softmax' },
    squeeze: { type: 'boolean', help: 'ignore axes of length 1' },
  },

  async run({ values, positionals, out }) {
    const [actualPath, referencePath, ...more] = positionals
    if (actualPath === undefined || referencePath === undefined || more.length > 0) {
      throw new UsageError('expected two files or two folders: what is to be checked, and the reference')
    }
    const [actuals, references] = alike(readAll(actualPath), readAll(referencePath))
    if (Object.keys({ ...actuals, ...references }).length === 0) {
      throw new UsageError(`there is nothing to compare: neither ${actualPath} nor ${referencePath} holds a tensor`)
    }
    const [atol, rtol] = [parseBounds('--atol', values.atol), parseBounds('--rtol', values.rtol)]
    const names = new Set([...Object.keys(references), ...Object.keys(actuals)])
    for (const name of [...atol.keys(), ...rtol.keys()]) {
      if (name !== undefined && !names.has(name))
        throw new UsageError(`there is no tensor '${name}' to have a tolerance`)
    }
    const outputs = [...names].flatMap((name) => {
      const options = optionsFor(name, { atol, rtol, normalize: values.normalize, squeeze: values.squeeze })
      return comparePairs(pairUp(pick(actuals, name), pick(references, name)), () => options)
    })
    const pass = outputs.every(({ comparison }) => comparison?.pass)
    if (values.json) out(JSON.stringify({ pass, tensors: outputs.map(summaryOf) }, null, 2))
    else out(pass ? describeAll(outputs) : renderText(explainRecord(outputs)))
    return pass ? 0 : 1
  },
})

/** By name; in a folder, by path and name. */
function readAll(path: string): Tensors {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return readFile(path)
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => tensorFileExtensions.includes(extname(file)))
    .sort()
  if (files.length === 0) throw new UsageError(`${path} holds no ${tensorFileExtensions.join(', ')}`)
  return Object.fromEntries(
    files.flatMap((file) => {
      const stem = relative(path, join(path, file)).split(sep).join('/').slice(0, -extname(file).length)
      const tensors = Object.entries(readFile(join(path, file)))
      return tensors.map(([name, tensor]) => [file.endsWith('.npy') ? stem : `${stem}/${name}`, tensor])
    }),
  )
}

const readFile = (path: string): Tensors =>
  path.endsWith('.npy') ? { tensor: readTensorSync(path) } : readTensorsSync(path)

/** A single tensor on either side: whatever their names. */
function alike(actuals: Tensors, references: Tensors): readonly [Tensors, Tensors] {
  const [own, theirs] = [Object.values(actuals), Object.keys(references)]
  return own.length === 1 && theirs.length === 1 ? [{ [theirs[0]]: own[0] }, references] : [actuals, references]
}

const pick = (tensors: Tensors, name: string): Tensors =>
  Object.hasOwn(tensors, name) ? { [name]: tensors[name] } : {}

/** By the names of tensors; undefined is all others. */
function parseBounds(option: string, given: readonly string[] = []): ReadonlyMap<string | undefined, number> {
  return new Map(
    given.map((text) => {
      const separator = text.lastIndexOf(':')
      const name = separator < 0 ? undefined : text.slice(0, separator)
      return [name, parseNumber(option, text.slice(separator + 1))]
    }),
  )
}

interface Given {
  readonly atol: ReadonlyMap<string | undefined, number>
  readonly rtol: ReadonlyMap<string | undefined, number>
  readonly normalize?: string
  readonly squeeze?: boolean
}

function optionsFor(name: string, { atol, rtol, normalize, squeeze }: Given): CompareOptions {
  const [own, ownRelative] = [atol.get(name) ?? atol.get(undefined), rtol.get(name) ?? rtol.get(undefined)]
  const options = {
    ...(own !== undefined && { atol: own }),
    ...(ownRelative !== undefined && { rtol: ownRelative }),
    ...(normalize !== undefined && { normalize }),
    ...(squeeze && { squeeze }),
  } as CompareOptions
  try {
    checkOptions(options)
  } catch (cause) {
    throw new UsageError(reasonOf(cause), { cause })
  }
  return options
}

function summaryOf({ name, comparison, problem }: NamedComparison) {
  return comparison === undefined ? { name, pass: false, problem } : { name, ...summarize(comparison) }
}

function describeAll(outputs: readonly NamedComparison[]): string {
  const rows = outputs.flatMap(({ name, comparison }) =>
    comparison === undefined
      ? []
      : [[name, describeMargin(comparison.margin), describeError(comparison.absDiff.max), describeMatch(comparison)]],
  )
  const headings = ['tensor', 'margin', 'max error', '']
  return columns([headings, ...rows], ['left', 'right', 'left', 'left']).join('\n')
}
