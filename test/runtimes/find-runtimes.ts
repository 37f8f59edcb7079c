// Finds the runtimes once for the whole suite, and says what is there and what will be skipped.
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type JsRuntime, jsRuntimes, type Runtimes } from './runtimes.ts'

function versionOf(name: JsRuntime, folder: string): string | undefined {
  try {
    const require = createRequire(join(folder, 'package.json'))
    return require(`${name}/package.json`).version
  } catch (error) {
    // Installed, but its package.json is not among its exports.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? 'of unknown version' : undefined
  }
}

function findTorch(python: string): string | undefined {
  try {
    const output = execFileSync(python, ['-c', 'import torch; print(torch.__version__)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 60_000,
    })
    return output.trim()
  } catch {
    return undefined
  }
}

/** @param folder where the npm packages are installed */
export function findRuntimes(folder: string): Runtimes {
  const found = jsRuntimes.flatMap((name) => {
    const version = versionOf(name, folder)
    return version === undefined ? [] : [[name, version]]
  })
  const python = process.env.EXPECT_TENSOR_PYTHON || 'python3'
  return { packages: Object.fromEntries(found), python, torch: findTorch(python) }
}

export function describeRuntimes({ packages, python, torch }: Runtimes): string {
  const missing = jsRuntimes.filter((name) => packages[name] === undefined)
  const lines = ['Runtimes:', ...Object.entries(packages).map(([name, version]) => `  ${name} ${version}`)]
  for (const name of missing) lines.push(`  ${name} is not installed: its tests are SKIPPED`)
  lines.push(torch ? `  PyTorch ${torch} (${python})` : `  ${python} has no PyTorch: its tests are SKIPPED`)
  if (missing.length > 0) {
    lines.push(
      `To run them: npm install --ignore-scripts ${missing.join(' ')}, in a folder of its own that EXPECT_TENSOR_RUNTIMES names`,
    )
  }
  if (!torch) lines.push('To run them: pip install torch, with EXPECT_TENSOR_PYTHON naming that Python')
  return `${lines.join('\n')}\n\n`
}
