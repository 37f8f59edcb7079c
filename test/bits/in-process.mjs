// Other runtimes on this machine: Node's versions, Bun and Deno, installed by npm into a folder, and asked for their hashes.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programSource } from './program.mjs'

/**
 * Installs major versions of Node, Bun and Deno into a folder.
 * @returns each runtime as a command that takes the file of a program
 */
export function installRuntimes(nodeVersions, folder) {
  const system = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const nodes = nodeVersions.map((version) => [`node${version}`, `npm:node-${system}@${version}`])
  const dependencies = { ...Object.fromEntries(nodes), bun: '1', deno: '2' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  const { status, stdout, stderr } = spawnSync('npm', install, { cwd: folder, encoding: 'utf8' })
  if (status !== 0)
    throw new Error(`npm cannot install ${Object.keys(dependencies)} for ${system}:\n${stdout}${stderr}`)
  const inModules = (...path) => join(folder, 'node_modules', ...path)
  const nodeFile = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node'
  return [
    ...nodes.map(([name]) => ({ name: 'Node', command: [inModules(name, nodeFile)] })),
    // bun's package replaces its placeholder in an install script: its binaries are packages of their own
    { name: 'Bun', command: [inModules('@oven', `bun-${system}`, 'bin/bun')] },
    {
      name: 'Deno',
      command: [process.execPath, inModules('deno/bin.cjs')],
      run: ['run', '--allow-all', '--no-config'],
    },
  ]
}

export function versionOf({ command: [program, ...args] }) {
  return /\d+\.\d+\.\d+/.exec(spawnSync(program, [...args, '--version'], { encoding: 'utf8' }).stdout)?.[0]
}

/** The hashes in that runtime; `dist`, `models` and `compute` are file URLs. */
export function hashesIn({ name, command: [program, ...args], run = [] }, { dist, models, compute }, folder) {
  const source = programSource({
    ncnn: `${dist}ncnn.js`,
    compute,
    read: `async (file) => new Uint8Array(await readFile(new URL(file, '${models}')))`,
    report: 'console.log',
  })
  const file = join(folder, 'program.mjs')
  writeFileSync(file, `import { readFile } from 'node:fs/promises'\n${source}`)
  const { status, stdout, stderr } = spawnSync(program, [...args, ...run, file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name} ended with ${status}:\n${stderr}`)
  return JSON.parse(stdout)
}
