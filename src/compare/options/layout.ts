// Orders of axes: reads `'nhwc->nchw'`, and writes a permutation that way for messages.

/** How the axes of a tensor are permuted: axis `i` of the result is axis `order[i]` of the source. */
export interface Layout {
  readonly text: string
  readonly order: readonly number[]
}

/** Reads `'nhwc->nchw'`: one letter an axis, the same letters on both sides. */
export function parseLayout(text: string): Layout {
  const match = /^([a-z]+)->([a-z]+)$/i.exec(text)
  const [from, to] = [match?.[1], match?.[2]]
  if (from === undefined || to === undefined) {
    throw new TypeError(`layout must name the axes on both sides of '->', such as 'nhwc->nchw', got '${text}'`)
  }
  if (new Set(from).size !== from.length || [...from].sort().join() !== [...to].sort().join()) {
    throw new TypeError(`layout '${text}' must name the same axes on both sides, each once`)
  }
  return { text, order: Array.from(to, (axis) => from.indexOf(axis)) }
}

/** Permutations that have a name: the ways images and volumes are laid out. */
const usualLayouts = ['nhwc->nchw', 'nchw->nhwc', 'hwc->chw', 'chw->hwc', 'ndhwc->ncdhw', 'ncdhw->ndhwc']

/** `[0, 3, 1, 2]` as `nhwc->nchw`; permutations without a usual name as `abcd->dabc`. */
export function formatPermutation(order: readonly number[]): string {
  const usual = usualLayouts.find((text) => parseLayout(text).order.join() === order.join())
  if (usual !== undefined) return usual
  const letters = order.length === 2 ? 'hw' : 'abcdefghijklmnopqrstuvwxyz'.slice(0, order.length)
  return `${letters}->${order.map((axis) => letters[axis]).join('')}`
}

/** Longest shape whose permutations are searched: 120 of them. */
const maxRank = 5

/** Every reordering of `rank` axes but the identity, the usual ones first; none beyond rank 5. */
export function permutationsOf(rank: number): number[][] {
  if (rank > maxRank) return []
  let permutations: number[][] = [[]]
  for (let axis = 0; axis < rank; axis++) {
    permutations = permutations.flatMap((rest) =>
      Array.from({ length: rest.length + 1 }, (_, at) => [...rest.slice(0, at), axis, ...rest.slice(at)]),
    )
  }
  const usual = usualLayouts.map((text) => parseLayout(text).order.join())
  const moved = permutations.filter((order) => order.some((axis, i) => axis !== i))
  const isUsual = moved.map((order) => usual.includes(order.join()))
  return [...moved.filter((_, i) => isUsual[i]), ...moved.filter((_, i) => !isUsual[i])]
}
