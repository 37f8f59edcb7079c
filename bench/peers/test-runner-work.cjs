// What the section `test-runners` times, with the exports of the package under test: a small network, and a failing comparison with its message.
const { writeFileSync } = require('node:fs')

/** Three convolutions, 23 000 parameters. */
const param = `7767517
6 6
Input in0 0 1 in0
Convolution conv1 1 1 in0 c1 0=16 1=3 4=1 5=1 6=432 9=1
Convolution conv2 1 1 c1 c2 0=32 1=3 3=2 4=1 5=1 6=4608 9=1
Convolution conv3 1 1 c2 c3 0=64 1=3 3=2 4=1 5=1 6=18432 9=1
Pooling pool 1 1 c3 p 0=1 4=1
Softmax softmax 1 1 p out0
`

/** Weights without a pattern, the same everywhere. */
function makeBin() {
  const parts = [0, 432, 16, 0, 4608, 32, 0, 18432, 64].map((count, part) =>
    // a zero stands before the weights of each layer: they are float32
    Float32Array.from({ length: count || 1 }, (_, i) => (count && Math.sin(i * 12.9898 + part)) / 10),
  )
  return new Uint8Array(Buffer.concat(parts.map(({ buffer }) => new Uint8Array(buffer))))
}

/** Median CPU time of one repetition in nanoseconds, after warming up. */
async function time(work) {
  const times = []
  const start = performance.now()
  while (times.length < 5 || performance.now() - start < 600) {
    const before = process.cpuUsage()
    await work()
    const { user, system } = process.cpuUsage(before)
    times.push((user + system) * 1000)
  }
  const warm = times.slice(times.length >> 1).sort((a, b) => a - b)
  return warm[warm.length >> 1]
}

/** Writes the times, by the name of the work, to the file that BENCH_RESULT names. */
exports.measure = async ({ loadNcnn, ncnnOptionSets, compareTensors }) => {
  const in0 = { data: Float32Array.from({ length: 3072 }, (_, i) => Math.cos(i)), shape: [3, 32, 32], dtype: 'float32' }
  const load = (options) => loadNcnn({ param, bin: makeBin() }, options)
  const asShipped = await load({ ncnn: ncnnOptionSets.default })
  const exact = await load({ precision: 'float64' })
  const reference = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i))
  const actual = reference.map((value, i) => value * (1 + 1e-3 * Math.cos(7 * i)))
  const times = {
    'CNN, option set default': await time(() => asShipped.run({ in0 })),
    'CNN, float64': await time(() => exact.run({ in0 })),
    'message of 100 000 elements': await time(() => String(compareTensors(actual, reference))),
  }
  writeFileSync(process.env.BENCH_RESULT, JSON.stringify(times))
}
