// Loads a network from its files, runs it once and closes it. Prints by how many bytes the process grew at its peak, and what is left of that:
// `node --expose-gc peak-memory.mjs REQUEST`.
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const { param, values, shape, input, weightsOnDemand } = JSON.parse(process.argv[2])
const { loadNcnn } = await import(new URL('../../dist/ncnn.js', import.meta.url))
const bytes = readFileSync(values)
const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)

async function loadRunClose() {
  const model = await loadNcnn(param, { weightsOnDemand })
  await model.run({ [input]: { data, shape, dtype: 'float32' } })
  model.close()
}

const before = process.memoryUsage.rss()
await loadRunClose()
// not getrusage's figure, which a process inherits from the one that started it
const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
for (let i = 0; i < 2; i++) {
  globalThis.gc()
  await setTimeout(200)
}
process.stdout.write(JSON.stringify({ peak: kilobytes * 1024 - before, left: process.memoryUsage.rss() - before }))
