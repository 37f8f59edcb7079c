// The second part of section `kernels`: single convolutions against the runtimes that the machine has. Input and output are copied; where a
// runtime's tensors stay in its memory, its kernel is compared with ours alone.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConvolutionCase, convolutionCase, convolutions } from './convolutions.ts'
import { convolutionKernel } from './kernels.ts'
import {
  type Contender,
  formatRatio,
  formatTime,
  inProcess,
  interleave,
  markdownTable,
  ratio,
  type Timing,
} from './measure.ts'
import { engine, loadNcnn, wheelContenders, wheelDefault, wheelReference } from './ncnn-contenders.ts'
import { type JsonPeer, startNodePeer, startPythonPeer } from './peers/json-lines.ts'
import type { SectionResult } from './section.ts'

const ourName = 'expect-tensor'
const kernelAlone = 'kernel alone'
const runtimes = ['onnxruntime-web', 'onnxruntime-node', 'tfjs wasm'] as const

interface Measured {
  readonly name: string
  readonly timings: readonly Timing[]
}

export async function benchPeerConvolutions(): Promise<SectionResult> {
  const wheel = await startPythonPeer('ncnn_models.py')
  const peers = new Map<string, JsonPeer>()
  for (const name of runtimes) {
    const peer = await startNodePeer('peer-process.ts', name)
    if (peer !== undefined) peers.set(name, peer)
  }
  const folder = await mkdtemp(join(tmpdir(), 'expect-tensor-bench-'))
  const measured: Measured[] = []
  try {
    for (const index of convolutions.keys()) measured.push(await measure(index, peers, wheel, folder))
  } finally {
    wheel?.close()
    for (const peer of peers.values()) peer.close()
    await rm(folder, { recursive: true })
  }
  return { markdown: [remarks(peers, wheel), table(measured, peers, wheel)].join('\n\n'), data: measured }
}

async function measure(
  index: number,
  peers: ReadonlyMap<string, JsonPeer>,
  wheel: JsonPeer | undefined,
  folder: string,
): Promise<Measured> {
  const convolution = convolutionCase(convolutions[index])
  const { name, param, bin, input } = convolution
  const model = await loadNcnn({ param, bin })
  const { out } = await model.run({ in: input })
  const contenders: Contender[] = [
    engine(ourName, { in: input }, model),
    inProcess(kernelAlone, convolutionKernel(name, windowOf(convolution), convolution.group > 1)),
  ]
  if (wheel !== undefined) contenders.push(...(await wheelContenders(convolution, model, wheel, folder)))
  for (const [peerName, peer] of peers) {
    const first = (await peer.ask({ shape: index, repeats: 1 })) as PeerAnswer
    if (first.nanoseconds === null) continue
    checkResult(`${peerName}, ${name}`, first, out.data as Float32Array)
    const alone = ((await peer.ask({ shape: index, repeats: 1, alone: true })) as PeerAnswer).nanoseconds !== null
    contenders.push({
      name: peerName,
      run: async (repeats) =>
        ((await peer.ask({ shape: index, repeats, alone })) as PeerAnswer).nanoseconds ?? Number.NaN,
    })
  }
  const timings = await interleave(contenders)
  model.close()
  return { name, timings }
}

/** A 1-d image is one row. */
function windowOf({ channels, outputs, size, kernel, stride, dilation }: ConvolutionCase) {
  const [h, w] = size.length === 1 ? [1, size[0]] : size
  const window: [number, number] = size.length === 1 ? [1, kernel] : [kernel, kernel]
  return { channels, outputs, size: [h, w] as [number, number], kernel: window, stride, dilation }
}

/** `nanoseconds` is null where the peer cannot compute a convolution. */
interface PeerAnswer {
  readonly nanoseconds: number | null
  readonly length: number
  readonly energy: number
}

/** A peer must have computed the same, in whatever order it keeps its elements. */
function checkResult(what: string, { length, energy }: PeerAnswer, ours: Float32Array): void {
  const expected = ours.reduce((sum, value) => sum + value * value, 0)
  if (length === ours.length && Math.abs(energy / expected - 1) < 1e-3) return
  throw new Error(`${what}: ${length} elements of energy ${energy}, ours are ${ours.length} of ${expected}`)
}

function remarks(peers: ReadonlyMap<string, JsonPeer>, wheel: JsonPeer | undefined): string {
  const versions = [...peers].map(([name, { hello }]) => `${name} ${hello}`)
  if (wheel !== undefined) versions.push(`ncnn ${wheel.hello}`)
  const missing = runtimes.filter((name) => !peers.has(name))
  const notes = [
    `Single convolutions, one thread; copies included, but for our kernel alone and tfjs. Peers: ${versions.join(', ') || 'none'}.`,
  ]
  if (missing.length > 0) {
    notes.push(
      `Not found: ${missing.join(', ')} (EXPECT_TENSOR_BENCH_PEERS names the folder in which they are installed).`,
    )
  }
  if (wheel === undefined) notes.push('No Python with the ncnn wheel was found: set EXPECT_TENSOR_PYTHON.')
  return notes.join(' ')
}

/** Our times, and how many times as long each peer takes: tfjs, which leaves image and result where they are, as our kernel alone. */
function table(
  measured: readonly Measured[],
  peers: ReadonlyMap<string, JsonPeer>,
  wheel: JsonPeer | undefined,
): string {
  const names = [...peers.keys(), ...(wheel === undefined ? [] : [wheelDefault, wheelReference])]
  const rows = measured.map(({ name, timings }) => {
    const time = (ours: string) => formatTime(timings.find((timing) => timing.name === ours)?.median ?? 0)
    const ratios = names.map((peer) => ratio(timings, peer, counterpartOf(peer)))
    return [name, time(ourName), time(kernelAlone), ...ratios.map(formatRatio)]
  })
  const headings = names.map((peer) => `${peer} / ${counterpartOf(peer) === kernelAlone ? kernelAlone : 'ours'}`)
  return markdownTable(['convolution', ourName, kernelAlone, ...headings], rows)
}

const counterpartOf = (peer: string): string => (peer === 'tfjs wasm' ? kernelAlone : ourName)
