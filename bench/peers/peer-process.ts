// A process of its own for one JavaScript runtime, as two of onnxruntime cannot share one: `peer-process.ts NAME`. It says its version, then
// answers one line of JSON to each line of JSON: convolve `shape`, the index of one of the convolutions, `repeats` times, and copy each
// result out unless the kernel alone is asked for.
import { createInterface } from 'node:readline'
import { convolutionCase, convolutions } from '../convolutions.ts'
import type { PreparedPeer } from './convolution-peer.ts'
import { onnxRuntimePeer } from './onnxruntime.ts'
import { tfjsWasmPeer } from './tfjs-wasm.ts'

const [name] = process.argv.slice(2)
const peer = await (name === 'onnxruntime-web' || name === 'onnxruntime-node' ? onnxRuntimePeer(name) : tfjsWasmPeer())
if (peer === undefined) process.exit(1)

const answer = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)
let ready: { readonly shape: number; readonly prepared: PreparedPeer | undefined } | undefined
answer(peer.version)
for await (const line of createInterface({ input: process.stdin })) {
  const { shape, repeats, alone } = JSON.parse(line) as { shape: number; repeats: number; alone?: boolean }
  if (ready?.shape !== shape) ready = { shape, prepared: await peer.prepare(convolutionCase(convolutions[shape])) }
  const { prepared } = ready
  if (prepared === undefined || (alone && prepared.compute === undefined)) {
    answer({ nanoseconds: null })
    continue
  }
  const before = process.cpuUsage()
  let result: Float32Array = new Float32Array()
  if (alone) for (let i = 0; i < repeats; i++) prepared.compute?.()
  else for (let i = 0; i < repeats; i++) result = await prepared.run()
  const { user, system } = process.cpuUsage(before)
  const energy = result.reduce((sum, value) => sum + value * value, 0)
  answer({ nanoseconds: (user + system) * 1000, length: result.length, energy })
}
process.exit()
