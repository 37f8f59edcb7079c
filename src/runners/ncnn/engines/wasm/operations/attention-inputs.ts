// The inputs of attention layers: heads, an optional mask, and optional caches of keys and values.
import { formatShape } from '../../../../../tensor/shape.ts'
import { NcnnError } from '../../../error.ts'
import type { Blob } from '../memory/blob.ts'
import { asRank, namedLengths } from '../shapes/axes.ts'

/** The inputs behind the first ones: a mask if there is one, then the caches of keys and values. */
interface OptionalInputs {
  readonly mask: Blob | undefined
  readonly pastKey: Blob | undefined
  readonly pastValue: Blob | undefined
}

interface AttentionParams {
  readonly attn_mask: number
  readonly kv_cache: number
}

export function optionalInputs(inputs: readonly Blob[], { attn_mask, kv_cache }: AttentionParams): OptionalInputs {
  const rest = [...inputs]
  const mask = attn_mask ? rest.shift() : undefined
  const [pastKey, pastValue] = kv_cache ? rest : []
  const present = (blob: Blob | undefined): Blob | undefined =>
    blob !== undefined && blob.length > 0 ? blob : undefined
  return { mask, pastKey: present(pastKey), pastValue: present(pastValue) }
}

/** Caches are empty, or left out altogether, before the first token: they are the last two inputs. */
export const isCache = ({ kv_cache }: AttentionParams, index: number, count: number): boolean =>
  kv_cache !== 0 && index >= count - 2

/** A matrix is one head. */
export function headShape({ shape }: Blob, name: string): readonly [heads: number, steps: number, width: number] {
  if (shape.length < 2) throw new NcnnError(`${name} must be [heads, steps, width], found ${formatShape(shape)}`)
  const { c, h, w } = namedLengths(asRank(shape, 3))
  return [c, h, w]
}

export function checkMask(mask: Blob | undefined, heads: number, queries: number, keys: number): void {
  if (mask === undefined) return
  const { c, d, h, w } = namedLengths(mask.shape)
  if (d !== 1 || h !== queries || w !== keys || (c !== 1 && c !== heads)) {
    throw new NcnnError(
      `the mask must be [${queries}, ${keys}] or [${heads}, ${queries}, ${keys}], found ${formatShape(mask.shape)}`,
    )
  }
}

/** The mask of one head: the only one, or its own. */
export function maskOf(
  mask: Blob | undefined,
  head: number,
  queries: number,
  keys: number,
): { blob: Blob; offset: number } | undefined {
  if (mask === undefined) return undefined
  return { blob: mask, offset: mask.length === queries * keys ? 0 : head * queries * keys }
}
