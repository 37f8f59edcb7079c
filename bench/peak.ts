// The most that the processor multiplies and adds in vectors of 128 bits, which no kernel in WebAssembly exceeds: loops without loads, made
// byte by byte so that no compiler has a say. Source of the encodings: WebAssembly specification 3.0, binary format.

/** Measures by CPU time, anew with every call, in thousands of millions of multiplications and additions a second. */
export interface Peak {
  /** A multiplication and an addition are two instructions. */
  plain(): number
  /** They are one; undefined in a runtime without relaxed SIMD. */
  readonly fused: (() => number) | undefined
}

export function createPeak(): Peak {
  const plain = compile(plainLoop)
  if (plain === undefined) throw new Error('this runtime has no WebAssembly SIMD')
  const fused = compile(fusedLoop)
  return { plain: () => measure(plain, plainLoop), fused: fused && (() => measure(fused, fusedLoop)) }
}

/** Each chain is a vector that is computed again and again from itself: enough of them that no unit of the processor waits. */
interface Loop {
  readonly chains: number
  readonly body: readonly number[]
  /** Multiplications and additions of numbers, a round. */
  readonly flops: number
}

const lanes = 4
const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)])
const simd = (opcode: number): number[] => [0xfd, ...leb(opcode)]
const get = (local: number): number[] => [0x20, local]
const set = (local: number): number[] => [0x21, local]
const add = simd(0xe4)
const multiply = simd(0xe6)
const relaxedMultiplyAdd = simd(0x105)

/** The parameters are the number of rounds and the number one, which no compiler may know; then come the vectors: ones, and the chains. */
const [rounds, one, ones, firstChain] = [0, 1, 2, 3]

/** Chains x * 1 beside chains y + 1: one more of those, which take longer. */
const plainLoop: Loop = {
  chains: 13,
  body: Array.from({ length: 6 * 7 }, (_, i) => {
    const [product, sum] = [firstChain + (i % 7), firstChain + 7 + (i % 6)]
    return [...get(product), ...get(ones), ...multiply, ...set(product), ...get(sum), ...get(ones), ...add, ...set(sum)]
  }).flat(),
  flops: 6 * 7 * 2 * lanes,
}

/** Chains x * 1 + 1. */
const fusedLoop: Loop = {
  chains: 12,
  body: Array.from({ length: 12 }, (_, i) => {
    const chain = firstChain + i
    return [...get(chain), ...get(ones), ...get(ones), ...relaxedMultiplyAdd, ...set(chain)]
  }).flat(),
  flops: 12 * 2 * lanes,
}

type Run = (rounds: number, one: number) => number

/** A module with the loop as its one function, which returns a number that depends on all chains; undefined where an instruction is unknown. */
function compile({ chains, body }: Loop): Run | undefined {
  const [i32, f32, v128] = [0x7f, 0x7d, 0x7b]
  const section = (id: number, bytes: readonly number[]) => [id, ...leb(bytes.length), ...bytes]
  const all = Array.from({ length: chains }, (_, i) => firstChain + i)
  const splatOne = [...get(one), ...simd(0x13)]
  const code = [
    ...[1, 1 + chains, v128],
    ...[ones, ...all].flatMap((vector) => [...splatOne, ...set(vector)]),
    ...[0x03, 0x40, ...body, ...get(rounds), 0x41, 1, 0x6b, 0x22, rounds, 0x0d, 0, 0x0b],
    ...[...get(ones), ...all.flatMap((chain) => [...get(chain), ...add]), ...simd(0x1f), 0],
    0x0b,
  ]
  const bytes = Uint8Array.from([
    ...[0, ...new TextEncoder().encode('asm'), 1, 0, 0, 0],
    ...section(1, [1, 0x60, 2, i32, f32, 1, f32]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ])
  if (!WebAssembly.validate(bytes)) return undefined
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { readonly run: Run }
  // a function that runs long is never replaced by its optimised form while it does
  for (let i = 0; i < 2000; i++) run(1000, 1)
  return run
}

/** About a millisecond: long for the clock of CPU time, short against a kernel's round. */
const flopsPerMeasurement = 4e7

function measure(run: Run, { flops }: Loop): number {
  const calls = 20
  const count = Math.round(flopsPerMeasurement / flops / calls)
  const before = process.cpuUsage()
  for (let i = 0; i < calls; i++) run(count, 1)
  const { user, system } = process.cpuUsage(before)
  return (count * calls * flops) / (user + system) / 1000
}
