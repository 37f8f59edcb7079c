// Finds Python and its packages once for the whole suite, and prints what is there and what will be skipped.
import { execFileSync } from 'node:child_process'
import type { TestProject } from 'vitest/node'
import { type PythonPackage, type PythonSetup, pythonPackages } from './python.ts'

const probe = `
import importlib, json, platform, sys
found = {}
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
        found[name] = {"version": getattr(module, "__version__", "unknown")}
    except Exception as error:
        found[name] = {"missing": f"{type(error).__name__}: {error}"}
print(json.dumps({"version": platform.python_version(), "packages": found}))
`

interface Probe {
  readonly version: string
  readonly packages: Readonly<Record<PythonPackage, { readonly version?: string; readonly missing?: string }>>
}

function findPython(): PythonSetup {
  const chosen = process.env.EXPECT_TENSOR_PYTHON
  const interpreter = chosen || 'python3'
  try {
    const output = execFileSync(interpreter, ['-c', probe, ...pythonPackages], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    })
    const { version, packages } = JSON.parse(output.trim().split('\n').at(-1) ?? '') as Probe
    const entries = Object.entries(packages) as [PythonPackage, Probe['packages'][PythonPackage]][]
    const installed = entries.flatMap(([name, { version }]) => (version ? [[name, version]] : []))
    const missing = entries.flatMap(([name, { missing }]) => (missing ? [[name, missing]] : []))
    return { interpreter, version, installed: Object.fromEntries(installed), missing: Object.fromEntries(missing) }
  } catch (error) {
    // A wrong interpreter is a mistake; none at all is a machine without Python.
    if (chosen) throw new Error(`EXPECT_TENSOR_PYTHON=${chosen} cannot be run: ${(error as Error).message}`)
    const why = `${interpreter} cannot be run`
    return { interpreter, installed: {}, missing: Object.fromEntries(pythonPackages.map((name) => [name, why])) }
  }
}

function describeSetup({ interpreter, version, installed, missing }: PythonSetup): string {
  const lines = [version ? `Python ${version} (${interpreter})` : `No Python: ${interpreter} cannot be run`]
  for (const [name, found] of Object.entries(installed)) lines.push(`  ${name} ${found}`)
  for (const [name, why] of Object.entries(missing)) lines.push(`  ${name} is missing (${why}): its tests are SKIPPED`)
  if (Object.keys(missing).length > 0) {
    lines.push(
      `To run them: pip install --no-deps ${Object.keys(missing).join(' ')}, with EXPECT_TENSOR_PYTHON naming that Python`,
    )
  }
  return `${lines.join('\n')}\n\n`
}

export default function setup(project: TestProject): void {
  const python = findPython()
  process.stdout.write(describeSetup(python))
  project.provide('python', python)
}
