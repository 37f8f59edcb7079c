// Runs the flagship example from a fresh clone: the regression suite that passes, then the test that is meant to fail.
import { spawnSync } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const example = fileURLToPath(new URL('../examples/voiceprint/', import.meta.url))

/** Puts this checkout where `npm install` in the example would put the package. */
async function linkPackage() {
  await mkdir(`${example}node_modules`, { recursive: true })
  await symlink(root, `${example}node_modules/expect-tensor`, 'junction').catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
}

/** Runs Vitest in the example and returns its exit code and, unless it is shown, its output. */
function vitest(args, { show }) {
  const bin = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, 'run', ...args], {
    cwd: example,
    stdio: show ? 'inherit' : 'pipe',
    encoding: 'utf8',
  })
  return { status, output: `${stdout ?? ''}${stderr ?? ''}` }
}

await linkPackage()

console.log('A converted voiceprint model against its PyTorch reference: the suite of examples/voiceprint\n')
const suite = vitest(['--reporter=verbose'], { show: true })
if (suite.status !== 0) process.exit(suite.status ?? 1)

console.log('\nAnd what a failure says: half-precision weights against a tolerance for single precision\n')
const tooStrict = vitest(['--config', 'vitest.too-strict.config.ts'], { show: false })
console.log(tooStrict.output)
if (tooStrict.status === 0 || !tooStrict.output.includes('toMatchTensor')) {
  console.error('The test that is meant to fail did not fail as expected.')
  process.exit(1)
}
console.log('The failure above is the expected one. The suite itself passed.')
