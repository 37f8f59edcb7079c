// Finds packages that are no dependency of this one: in the folder that EXPECT_TENSOR_BENCH_PEERS names, or beside this repository.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const folder = process.env.EXPECT_TENSOR_BENCH_PEERS
export const requireFromPeers = createRequire(folder === undefined ? import.meta.url : join(folder, 'package.json'))

/** The package's exports; undefined when it is not there. */
export async function importPeer(name: string): Promise<unknown> {
  try {
    return requireFromPeers(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
