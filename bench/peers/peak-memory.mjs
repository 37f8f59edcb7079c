// Loads a network from its files, runs it once and prints by how many bytes the process grew at its peak: `peak-memory.mjs REQUEST`.
import { readFileSync } from 'node:fs'

const { param, values, shape, input } = JSON.parse(process.argv[2])
const { loadNcnn } = await import(new URL('../../dist/ncnn.js', import.meta.url))
const bytes = readFileSync(values)
const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
const before = process.memoryUsage.rss()
const model = await loadNcnn(param)
await model.run({ [input]: { data, shape, dtype: 'float32' } })
// not getrusage's figure, which a process inherits from the one that started it
const [, kilobytes] = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))
process.stdout.write(String(kilobytes * 1024 - before))
