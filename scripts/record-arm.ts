// Writes test/runners/ncnn/arm/results.json: what the real ncnn computes of the cases beside it on a 64-bit ARM.
// `npm run record:arm`, with EXPECT_TENSOR_ARM64_PYTHON naming a Python there that has the ncnn wheel.
import { writeFileSync } from 'node:fs'
import { pythonEngine } from '../src/runners/ncnn/index.ts'
import { armCases, runArmCase } from '../test/runners/ncnn/arm/cases.ts'

async function main(): Promise<void> {
  const python = process.env.EXPECT_TENSOR_ARM64_PYTHON
  if (!python) throw new Error('EXPECT_TENSOR_ARM64_PYTHON must name a Python on 64-bit ARM')
  const engine = pythonEngine({ python })
  const lines: string[] = []
  for (const [name, armCase] of Object.entries(armCases)) {
    const { data } = await runArmCase(armCase, engine)
    // JSON has no -0, and no sign of it matters.
    lines.push(`  ${JSON.stringify(name)}: ${JSON.stringify(Array.from(data as Float32Array, (x) => x + 0))}`)
  }
  writeFileSync(new URL('../test/runners/ncnn/arm/results.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`)
}

main().then(() => process.exit(0))
