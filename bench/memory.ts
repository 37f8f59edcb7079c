// The memory part of section `load`: by how much a process grows that loads a network and runs it once, against the ncnn wheel.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatRatio, markdownTable } from './measure.ts'
import { networks } from './networks.ts'
import type { SectionResult } from './run.ts'

const statusFile = '/proc/self/status'
const scriptOf = (name: string): string => fileURLToPath(new URL(`peers/${name}`, import.meta.url))
const runs = 3

interface Measured {
  readonly network: string
  readonly weights: number
  readonly ours: number
  /** Undefined without the wheel. */
  readonly wheel: number | undefined
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
      const request = JSON.stringify({ param, values, shape: network.input.shape, ...ends(network.param) })
      measured.push({
        network: name,
        weights: network.bin.length,
        ours: peak(process.execPath, 'peak-memory.mjs', request) ?? Number.NaN,
        wheel: peak(process.env.EXPECT_TENSOR_PYTHON ?? 'python3', 'peak_memory.py', request),
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

/** Bytes, the median of some runs; undefined where the script fails. */
function peak(command: string, script: string, request: string): number | undefined {
  try {
    const run = () =>
      Number(execFileSync(command, [scriptOf(script), request], { stdio: ['ignore', 'pipe', 'ignore'] }))
    return Array.from({ length: runs }, run).sort((a, b) => a - b)[runs >> 1]
  } catch {
    return undefined
  }
}

const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '' : `${(bytes / 1e6).toFixed(0)} MB`)

function table(measured: readonly Measured[]): string {
  const rows = measured.map(({ network, weights, ours, wheel }) => [
    network,
    megabytes(weights),
    megabytes(ours),
    megabytes(wheel),
    formatRatio(ours / (wheel ?? Number.NaN)),
  ])
  return markdownTable(['growth at the peak', 'the .bin', 'expect-tensor', 'ncnn wheel', 'ratio'], rows)
}
