// The networks for tests in Node: the models of examples/voiceprint come from the disk.
import { readFile } from 'node:fs/promises'
import { bitsCases } from './compute.ts'

const models = new URL('../../examples/voiceprint/models/', import.meta.url)

export const cases = bitsCases(async (file) => new Uint8Array(await readFile(new URL(file, models))))
