// relaxedSimd: nearly the same numbers, or an error that says what is missing.
import { setFlagsFromString } from 'node:v8'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { compareTensors } from '../../../../../src/compare/compare-tensors.ts'
import { type LoadNcnnOptions, loadNcnn } from '../../../../../src/runners/ncnn/index.ts'
import { cases } from '../../../../bits/cases.ts'
import { hashOf } from '../../../../bits/compute.ts'
import expected from '../../../../bits/expected.json' with { type: 'json' }
import fused from '../../../../bits/expected-fused.json' with { type: 'json' }

afterEach(() => vi.unstubAllEnvs())

describe('relaxedSimd', () => {
  // The first of this process that asks for the module: it is compiled once.
  test('where it is missing, the error says so and names what has it', async () => {
    const compile = vi.spyOn(WebAssembly, 'Module').mockImplementation(function compile() {
      throw new WebAssembly.CompileError('invalid simd opcode')
    })
    try {
      const [{ run }] = cases
      await expect(run(loadNcnn, { relaxedSimd: true })).rejects.toThrow(/relaxedSimd needs .*Node 22 or newer/)
    } finally {
      compile.mockRestore()
    }
  })

  describe('where it is there', () => {
    // In Node 20 it is behind a switch, which can still be thrown before the module is compiled.
    if (process.version.startsWith('v20.')) setFlagsFromString('--experimental-wasm-relaxed-simd')

    test.each(cases)('$name', async ({ name, run }) => {
      const relaxed = await run(loadNcnn, { relaxedSimd: true })
      const plain = await run(loadNcnn)
      expect(hashOf(plain)).toBe((expected as Record<string, string>)[name])
      expect(compareTensors(relaxed, plain, { metrics: { snr: 60 } }).pass).toBe(true)
      // The bits of one rounding where the processor has a step for both, else those of two.
      const hashes: readonly Record<string, string>[] = [fused, expected]
      expect(hashes.map((known) => known[name])).toContain(hashOf(relaxed))
    })

    const relu = { param: '7767517\n2 2\nInput in 0 1 x\nReLU relu 1 1 x y', bin: new Uint8Array() }

    test('the environment asks for it in every model that does not say otherwise', async () => {
      vi.stubEnv('EXPECT_TENSOR_RELAXED_SIMD', '1')
      const optionsOf = async (options?: LoadNcnnOptions) => (await loadNcnn(relu, options)).runtime.options
      expect(await optionsOf()).toMatchObject({ relaxedSimd: true })
      expect(await optionsOf({ relaxedSimd: false })).not.toHaveProperty('relaxedSimd')
      vi.stubEnv('EXPECT_TENSOR_RELAXED_SIMD', '0')
      expect(await optionsOf()).not.toHaveProperty('relaxedSimd')
    })

    test('the environment can only say yes or no', async () => {
      vi.stubEnv('EXPECT_TENSOR_RELAXED_SIMD', 'yes')
      await expect(loadNcnn(relu)).rejects.toThrow(
        'the environment variable EXPECT_TENSOR_RELAXED_SIMD must be 1 or 0, got the string "yes"',
      )
    })
  })
})
