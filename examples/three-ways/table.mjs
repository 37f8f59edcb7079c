// Prints how far each way is from float64, and which of them give the same bits: node table.mjs
import { createHash } from 'node:crypto'
import { compareTensors } from 'expect-tensor'
import { readTensors } from 'expect-tensor/files'
import { open, ways } from './ways.mjs'

const expected = await readTensors(new URL('data/expected.npz', import.meta.url))

const farthest = (actual, reference, layout) =>
  compareTensors(actual, reference, { squeeze: true, layout }).absDiff.max.toExponential(1)

/** Hashes of probabilities, in the order in which they occur. */
const hashes = []

console.log('| way | runtime | sum_out | probabilities | bits |\n| --- | --- | --- | --- | --- |')
for (const [name, way] of Object.entries(ways)) {
  const model = await open(way)
  if (model === undefined) {
    console.log(`| ${name} | not installed | | | |`)
    continue
  }
  const { sum_out: map, probabilities } = await model.run(
    { image: way.image },
    { outputs: ['sum_out', 'probabilities'] },
  )
  const hash = createHash('sha256').update(probabilities.data).digest('hex')
  if (!hashes.includes(hash)) hashes.push(hash)
  const bits = String.fromCharCode(65 + hashes.indexOf(hash))
  const errors = `${farthest(map, expected.sum_out, way.layout)} | ${farthest(probabilities, expected.probabilities)}`
  console.log(`| ${name} | ${model.runtime.name} ${model.runtime.version} | ${errors} | ${bits} |`)
  model.close()
}
