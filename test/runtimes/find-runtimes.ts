// Finds the runtimes once for the whole suite, and says what is there and what will be skipped.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsRuntime, jsRuntimes, type PythonRuntime, pythonRuntimes, type Runtimes } from './runtimes.ts'

function versionOf(name: JsRuntime, folder: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}

/** Debian's packages are for its own Python, which need not be the first on the PATH. */
const interpreters = [process.env.EXPECT_TENSOR_PYTHON, 'python3', '/usr/bin/python3'].filter(
  (name) => name !== undefined,
)

function findInPython(name: PythonRuntime): { interpreter: string; version: string } | undefined {
  for (const interpreter of interpreters) {
    try {
      const output = execFileSync(interpreter, ['-c', `import ${name}; print(${name}.__version__)`], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 60_000,
      })
      return { interpreter, version: output.trim() }
    } catch {
      // The next one may have it.
    }
  }
  return undefined
}

/** @param folder where the npm packages are installed */
export function findRuntimes(folder: string): Runtimes {
  const packages = jsRuntimes.flatMap((name) => {
    const version = versionOf(name, folder)
    return version === undefined ? [] : [[name, version]]
  })
  const python = pythonRuntimes.flatMap((name) => {
    const found = findInPython(name)
    return found === undefined ? [] : [[name, found]]
  })
  return { packages: Object.fromEntries(packages), python: Object.fromEntries(python) }
}

export function describeRuntimes({ packages, python }: Runtimes): string {
  const missingPackages = jsRuntimes.filter((name) => packages[name] === undefined)
  const missingInPython = pythonRuntimes.filter((name) => python[name] === undefined)
  const lines = [
    'Runtimes:',
    ...Object.entries(packages).map(([name, version]) => `  ${name} ${version}`),
    ...Object.entries(python).map(([name, { interpreter, version }]) => `  ${name} ${version} (${interpreter})`),
    ...missingPackages.map((name) => `  ${name} is not installed: its tests are SKIPPED`),
    ...missingInPython.map((name) => `  ${name}: no Python has it, its tests are SKIPPED (${interpreters.join(', ')})`),
  ]
  const fromNpm = missingPackages.filter((name) => name !== '@tensorflow/tfjs-node')
  if (fromNpm.length > 0) {
    lines.push(
      `To run them: npm install --ignore-scripts ${fromNpm.join(' ')}, in a folder of its own that EXPECT_TENSOR_RUNTIMES names`,
    )
  }
  if (missingPackages.includes('@tensorflow/tfjs-node')) {
    lines.push('To run those of tfjs-node: bash .ci/install-tfjs-node FOLDER, and EXPECT_TENSOR_RUNTIMES=FOLDER')
  }
  if (missingInPython.length > 0) {
    lines.push(
      `To run them: pip install ${missingInPython.join(' ').replaceAll('_', '-')}, with EXPECT_TENSOR_PYTHON naming that Python`,
    )
  }
  return `${lines.join('\n')}\n\n`
}
