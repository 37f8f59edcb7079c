// Section `cold` of `npm run bench`: from nothing to the first result of a voiceprint network, in a new process each time.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { formatRatio, formatTime, inNewProcess, interleave, markdownTable, ratio } from './measure.ts'
import { requireFromPeers } from './peers/import-peer.ts'
import type { SectionResult } from './section.ts'

const built = new URL('../dist/ncnn.js', import.meta.url)
const model = (file: string) => fileURLToPath(new URL(`../examples/voiceprint/models/${file}`, import.meta.url))

const ourName = 'expect-tensor'
const input = 'const data = Float32Array.from({ length: 200 * 80 }, (_, i) => Math.sin(i))'

/** The same network, in the file that each reads. */
const ours = `
  const { loadNcnn } = await import(${JSON.stringify(built.href)})
  const model = await loadNcnn(${JSON.stringify(model('ecapa-fp32.ncnn.param'))})
  const { out0 } = await model.run({ in0: { data, shape: [200, 80], dtype: 'float32' } })
  if (out0.data.length !== 192) throw new Error('not the voiceprint')`

const onnxRuntime = (entry: string, provider: string) => `
  const { readFileSync } = await import('node:fs')
  const { createRequire } = await import('node:module')
  const ort = createRequire(${JSON.stringify(entry)})(${JSON.stringify(entry)})
  ort.env.wasm.numThreads = 1
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionProviders: [${JSON.stringify(provider)}] }
  const session = await ort.InferenceSession.create(readFileSync(${JSON.stringify(model('ecapa.onnx'))}), options)
  const { out0 } = await session.run({ in0: new ort.Tensor('float32', data, [1, 200, 80]) })
  if (out0.data.length !== 192) throw new Error('not the voiceprint')`

const peers = [
  { name: 'onnxruntime-web', provider: 'wasm' },
  { name: 'onnxruntime-node', provider: 'cpu' },
] as const

export async function benchCold(): Promise<SectionResult> {
  if (!existsSync(built)) return { markdown: 'The package is not built: run `npm run build` first.', data: [] }
  const contenders = [inNewProcess(ourName, input, ours)]
  const versions: string[] = []
  for (const { name, provider } of peers) {
    const entry = entryOf(name)
    if (entry === undefined) versions.push(`${name} not found: EXPECT_TENSOR_BENCH_PEERS names the folder where it is`)
    else {
      versions.push(`${name} ${(requireFromPeers(name) as Runtime).env.versions.common}`)
      contenders.push(inNewProcess(name, input, onnxRuntime(entry, provider)))
    }
  }
  const timings = await interleave(contenders)
  const rows = timings.map(({ name, median, fastest }) => [
    name,
    formatTime(median),
    formatTime(fastest),
    formatRatio(ratio(timings, name, ourName)),
  ])
  const table = markdownTable(['import, load, first result', 'median', 'fastest', '/ ours'], rows)
  return { markdown: `Peers: ${versions.join('; ')}.\n\n${table}`, data: timings }
}

interface Runtime {
  readonly env: { readonly versions: { readonly common: string } }
}

function entryOf(name: string): string | undefined {
  try {
    return requireFromPeers.resolve(name)
  } catch {
    return undefined
  }
}
