// Keeps a model that fails, in files: what to load, what to feed, and how it was made.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeTensors } from '../../../../src/files/index.ts'
import { build, type Plan } from './mutate.ts'

/** Returns the folder. */
export async function keepFailure(plan: Plan, error: unknown, seed: number): Promise<string> {
  const { param, bin, inputs, options } = build(plan)
  const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-fuzz-'))
  writeFileSync(join(folder, 'model.param'), param)
  writeFileSync(join(folder, 'model.bin'), bin)
  if (Object.keys(inputs).length > 0) await writeTensors(join(folder, 'inputs.safetensors'), inputs)
  const why = error instanceof Error ? error.stack : String(error)
  writeFileSync(join(folder, 'failure.json'), `${JSON.stringify({ seed, options, plan, why }, undefined, 2)}\n`)
  return folder
}
