// The program that a runtime is given: it computes all hashes with the built package, with relaxed SIMD as well where there is any, and
// reports them as JSON.

/**
 * Returns a vector multiplied by itself and added to itself, by `f32x4.relaxed_madd`, opcode 0x105. Source: WebAssembly specification,
 * binary format, modules and vector instructions.
 */
const relaxedModule = JSON.stringify([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 6, 1, 96, 1, 123, 1, 123], // type: v128 -> v128
  ...[3, 2, 1, 0], // one function of it
  ...[10, 13, 1, 11, 0, 32, 0, 32, 0, 32, 0, 253, 133, 2, 11],
])

/**
 * The source text of a module. `read` and `report` are the source text of functions: the bytes of a file of examples/voiceprint/models,
 * and what is done with the JSON.
 */
export const programSource = ({ ncnn, compute, read, report }) => `
import { loadNcnn } from '${ncnn}'
import { bitsCases, hashOf } from '${compute}'
const cases = bitsCases(${read})
const hashesWith = async (options) => {
  const hashes = {}
  for (const { name, run } of cases) hashes[name] = await run(loadNcnn, options).then(hashOf, String)
  return hashes
}
// The smallest module with an instruction of relaxed SIMD.
const hasRelaxed = WebAssembly.validate(new Uint8Array(${relaxedModule}))
await (${report})(JSON.stringify({ plain: await hashesWith({}), relaxed: hasRelaxed ? await hashesWith({ relaxedSimd: true }) : undefined }))
`
