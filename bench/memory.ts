// The memory part of section `load`: by how much a process grows that loads a network, runs it once and closes it, against the ncnn wheel.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatRatio, markdownTable } from './measure.ts'
import { networks } from './networks.ts'
import type { SectionResult } from './section.ts'

const statusFile = '/proc/self/status'
const scriptOf = (name: string): string => fileURLToPath(new URL(`peers/${name}`, import.meta.url))
const runs = 3

/** By how many bytes a process has grown: at the peak, and what is left of it when the network is closed and garbage collected. */
interface Growth {
  readonly peak: number
  readonly left: number
}

interface Measured {
  readonly network: string
  readonly weights: number
  readonly ours: Growth | undefined
  readonly onDemand: Growth | undefined
  /** Undefined without the wheel. */
  readonly wheel: Growth | undefined
}

export async function benchMemory(): Promise<SectionResult> {
  if (!existsSync(statusFile)) return { markdown: `Memory is measured where there is ${statusFile}.`, data: [] }
  const folder = await mkdtemp(join(tmpdir(), 'expect-tensor-bench-'))
  const measured: Measured[] = []
  try {
    for (const { name, load } of networks) {
      const network = await load()
      if (network === undefined) continue
      const [param, bin, values] = ['param', 'bin', 'values'].map((suffix) => join(folder, `net.${suffix}`))
      await writeFile(param, network.param)
      await writeFile(bin, network.bin)
      await writeFile(values, network.input.data as Float32Array)
      const common = { param, values, shape: network.input.shape, ...ends(network.param) }
      const [request, onDemand] = [false, true].map((weightsOnDemand) => JSON.stringify({ ...common, weightsOnDemand }))
      const ours = (request: string) => growth(process.execPath, ['--expose-gc', scriptOf('peak-memory.mjs'), request])
      measured.push({
        network: name,
        weights: network.bin.length,
        ours: ours(request),
        onDemand: ours(onDemand),
        wheel: growth(process.env.EXPECT_TENSOR_PYTHON ?? 'python3', [scriptOf('peak_memory.py'), request]),
      })
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return { markdown: table(measured), data: measured }
}

/** The first blob of a network, which is fed, and the last, which is asked for. */
function ends(param: string): { readonly input: string; readonly output: string } {
  const layers = param
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => line.trim().split(/\s+/))
  const input = layers[0]?.[4] ?? ''
  const last = layers.at(-1) ?? []
  return { input, output: last[4 + Number(last[2])] ?? '' }
}

/** Medians of some runs; undefined where the script fails. */
function growth(command: string, args: readonly string[]): Growth | undefined {
  try {
    const run = (): Growth =>
      JSON.parse(execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    const measured = Array.from({ length: runs }, run)
    const median = (of: (growth: Growth) => number): number => measured.map(of).sort((a, b) => a - b)[runs >> 1]
    return { peak: median(({ peak }) => peak), left: median(({ left }) => left) }
  } catch {
    return undefined
  }
}

const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '' : `${(bytes / 1e6).toFixed(0)} MB`)

function table(measured: readonly Measured[]): string {
  const rows = measured.map(({ network, weights, ours, onDemand, wheel }) => [
    network,
    megabytes(weights),
    megabytes(ours?.peak),
    megabytes(wheel?.peak),
    formatRatio((ours?.peak ?? Number.NaN) / (wheel?.peak ?? Number.NaN)),
    megabytes(onDemand?.peak),
    megabytes(ours?.left),
    megabytes(wheel?.left),
  ])
  const headings = [
    'growth',
    'the .bin',
    'peak',
    'peak, ncnn wheel',
    'ratio',
    'peak, weights on demand',
    'left when closed',
    'left, ncnn wheel',
  ]
  return markdownTable(headings, rows)
}
