// Keeps the tensors of an assertion that failed as a file, where that was asked for: a CI run uploads it, and somebody can look.
import { givenTensors } from '../compare/lazy-comparison.ts'
import { replaceFileIn } from '../files/file-system.ts'
import { encodeSafetensors } from '../files/safetensors.ts'
import { environmentVariable } from '../host/environment.ts'
import { hasFileSystem, nodeModule } from '../host/node-modules.ts'
import { reasonOf } from '../host/reason.ts'
import { type Compared, locate } from '../outcomes/index.ts'
import { snapshotFileName } from '../snapshots/file-names.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** The folder that the environment names, for all assertions that name none. */
const variable = 'EXPECT_TENSOR_SAVE_FAILURES'

/**
 * Writes those tensors that miss their tolerance, with their references, to one `.safetensors`. The file is named after the test and after
 * what is in it, so that no other is ever overwritten but by the same.
 *
 * @param folder where to; by default what the environment says
 * @returns what to tell about it; undefined when nobody asked, or there is nothing to keep
 */
export function keepFailures(
  matcher: string,
  context: object,
  comparisons: readonly Compared[],
  folder: string | undefined,
): string | undefined {
  const target = folder ?? environmentVariable(variable)
  const failed = comparisons.flatMap(({ name, comparison }) => {
    const given = comparison === undefined || comparison.pass ? undefined : givenTensors(comparison)
    return given === undefined ? [] : [{ name, ...given }]
  })
  if (!target || failed.length === 0) return undefined
  if (!hasFileSystem()) return `The tensors were not saved in ${target}: there are no files here`
  try {
    return `The tensors were saved in ${write(target, matcher, context, failed)}`
  } catch (error) {
    return `The tensors could not be saved: ${reasonOf(error)}`
  }
}

interface FailedTensor {
  readonly name?: string | undefined
  readonly actual: Tensor
  readonly reference: Tensor
}

function write(folder: string, matcher: string, context: object, failed: readonly FailedTensor[]): string {
  const { test = [], file } = locate(context)
  const under = (side: string, name: string | undefined): string => (name === undefined ? side : `${side}/${name}`)
  const tensors = failed.flatMap(({ name, actual, reference }) => [
    [under('actual', name), actual] as const,
    [under('reference', name), reference] as const,
  ])
  const { relative } = nodeModule('node:path')
  const metadata = {
    matcher,
    test: test.join(' > '),
    ...(file !== undefined && { file: relative(process.cwd(), file) }),
  }
  const bytes = encodeSafetensors(Object.fromEntries(tensors), metadata)
  const sha256 = nodeModule('node:crypto').createHash('sha256').update(bytes).digest('hex')
  return replaceFileIn(folder, snapshotFileName(test.at(-1) ?? matcher, sha256), [bytes])
}
