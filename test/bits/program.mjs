// The program that a runtime is given: it computes all hashes with the built package and reports them as JSON.

/**
 * The source text of a module. `read` and `report` are the source text of functions: the bytes of a file of examples/voiceprint/models,
 * and what is done with the JSON.
 */
export const programSource = ({ ncnn, compute, read, report }) => `
import { loadNcnn } from '${ncnn}'
import { bitsCases, hashOf } from '${compute}'
const hashes = {}
for (const { name, run } of bitsCases(${read})) hashes[name] = await run(loadNcnn).then(hashOf, String)
await (${report})(JSON.stringify(hashes))
`
