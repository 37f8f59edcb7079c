// The text of a .param with some layers changed, as a variant with these changes has it.
import type { VariantSettings } from '../variant.ts'
import { changeLayers } from './changed-layers.ts'
import { NcnnError } from './error.ts'
import { withFiles } from './source.ts'
import { changeFiles } from './variant.ts'
import { currentFormat } from './weights.ts'

/**
 * Lines of layers that are not changed stay as they are.
 * @throws {NcnnError} for changes of weights, which are in the .bin, and for a .param that is binary
 */
export function changedParam(
  path: string,
  { layers = {}, masks }: Pick<VariantSettings, 'layers' | 'masks'>,
): Promise<string> {
  const weighty = Object.keys(layers).find((name) => layers[name].weights !== undefined)
  if (weighty !== undefined) {
    throw new NcnnError(`the weights of layer "${weighty}" would change, and those are not in the .param`, {
      code: 'unsupported',
    })
  }
  return withFiles(path, undefined, async (files) => {
    const format = { customLayers: {}, release: currentFormat.release }
    const { param } = changeFiles(changeLayers(files, { layers }, format), { masks }, format)
    if (typeof param === 'string') return param
    throw new NcnnError(`${path} is binary: there is no text to change`, { code: 'unsupported' })
  })
}
