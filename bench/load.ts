// Section `load` of `npm run bench`: a large fp16 model from its .bin to ready to run, against reading the file alone.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Contender, formatRatio, formatTime, inNewProcess, interleave, markdownTable } from './measure.ts'
import { benchMemory } from './memory.ts'
import { built, loadNcnn } from './ncnn-contenders.ts'
import type { SectionResult } from './section.ts'

const width = 1024
const layers = 48
const fp16Tag = 0x01306b47

/** 1x1 convolutions of 1024 to 1024 channels, 2 MB of fp16 weights each. */
function paramText(): string {
  const convolutions = Array.from(
    { length: layers },
    (_, i) => `Convolution conv${i} 1 1 ${i} ${i + 1} 0=${width} 1=1 5=1 6=${width * width}`,
  )
  return ['7767517', `${layers + 1} ${layers + 1}`, 'Input input 0 1 0', ...convolutions, ''].join('\n')
}

/** Half floats of every sign and most exponents; they are loaded, never computed with. */
function binBytes(): Uint8Array {
  const bias = new Uint8Array(4 * width)
  const tag = new Uint8Array(new Uint32Array([fp16Tag]).buffer)
  const weights = new Uint16Array(width * width).map((_, i) => Math.imul(i, 40503) & 0xbbff)
  const layer = Buffer.concat([tag, new Uint8Array(weights.buffer), bias])
  return new Uint8Array(Buffer.concat(Array.from({ length: layers }, () => layer)))
}

/** Its memory is that of the model before, which was closed. */
function loadingAgain(param: string): Contender {
  return {
    name: 'load and close the model again',
    async run(repeats) {
      const before = process.cpuUsage()
      for (let i = 0; i < repeats; i++) (await loadNcnn(param)).close()
      const { user, system } = process.cpuUsage(before)
      return (user + system) * 1000
    },
  }
}

export async function benchLoad(): Promise<SectionResult> {
  const folder = await mkdtemp(join(tmpdir(), 'expect-tensor-bench-'))
  try {
    const [param, bin] = [join(folder, 'model.param'), join(folder, 'model.bin')]
    const bytes = binBytes()
    await Promise.all([writeFile(param, paramText()), writeFile(bin, bytes)])
    const timings = await interleave([
      inNewProcess('read the file', "import { readFileSync } from 'node:fs'", `readFileSync(${JSON.stringify(bin)})`),
      inNewProcess(
        'load the model',
        `import { loadNcnn } from ${JSON.stringify(built)}`,
        `await loadNcnn(${JSON.stringify(param)})`,
      ),
      loadingAgain(param),
    ])
    const megabytes = (bytes.length / 1e6).toFixed(0)
    const rows = timings.map(({ name, median }) => [
      `${name}, ${megabytes} MB`,
      formatTime(median),
      formatRatio(median / timings[0].median),
    ])
    const table = markdownTable(['what', 'CPU time', 'ratio'], rows)
    const memory = await benchMemory()
    return { markdown: `${table}\n\n${memory.markdown}`, data: { bytes: bytes.length, timings, memory: memory.data } }
  } finally {
    await rm(folder, { recursive: true })
  }
}
