// In which order ncnn's ARM code adds the products of a sum in half precision: chains of products, which are added up at the end.
// Source: Tencent/ncnn, src/layer/arm: convolution_packed_fp16s.h, convolution_im2col_gemm_fp16s.h, innerproduct_arm_asimdhp.cpp.
import type { Workspace } from '../layer.ts'
import type { Blob } from '../memory/blob.ts'

/** The terms of each chain, by their place in the textbook's sum. */
export type Chains = readonly (readonly number[])[]

/** Terms go to the chains in turn; those that are left go to the first chains, or all to the very first where they are less than four. */
export function inTurn(terms: number, chains: number): Chains {
  const lists = emptyChains(chains)
  const whole = terms - (terms % chains)
  for (let i = 0; i < whole; i++) lists[i % chains].push(i)
  const rest = terms - whole
  const fours = chains > 4 ? rest - (rest % 4) : 0
  for (let i = 0; i < rest; i++) lists[i < fours ? i % 4 : 0].push(whole + i)
  return lists
}

/** One chain through blocks of as many channels, tap by tap. */
export function throughBlocks(channels: number, taps: number, block: number): Chains {
  const chain: number[] = []
  for (let q = 0; q < channels; q += block) {
    const end = Math.min(q + block, channels)
    for (let tap = 0; tap < taps; tap++) for (let i = q; i < end; i++) chain.push(i * taps + tap)
  }
  return [chain]
}

/** Four chains through blocks of eight channels, tap by tap; blocks of four, two and one channel take what is left. */
export function inFourChains(channels: number, taps: number): Chains {
  const lists = emptyChains(4)
  let q = 0
  for (const block of [8, 4, 2, 1]) {
    for (; q + block <= channels; q += block) {
      for (let tap = 0; tap < taps; tap++) for (let i = 0; i < block; i++) lists[i % 4].push((q + i) * taps + tap)
    }
  }
  return lists
}

function emptyChains(count: number): number[][] {
  return Array.from({ length: count }, () => [])
}

/** Chains in memory, as the kernels take them. */
export interface HalfOrder {
  readonly chains: number
  /** The terms of all chains, one chain after the other. */
  readonly order: Blob
  /** Where each chain ends. */
  readonly ends: Blob
}

export function storeOrder(chains: Chains, { alloc }: Pick<Workspace, 'alloc'>): HalfOrder {
  const terms = chains.flat()
  const order = alloc([terms.length], 'int32')
  const ends = alloc([chains.length], 'int32')
  order.data.set(terms)
  let end = 0
  ends.data.set(chains.map(({ length }) => (end += length)))
  return { chains: chains.length, order, ends }
}
