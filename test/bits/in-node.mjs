// Other versions of Node: installed by npm into a folder, and asked for their hashes.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { programSource } from './program.mjs'

/**
 * Installs major versions of Node into a folder.
 * @returns the paths of the executables
 */
export function installNode(versions, folder) {
  const system = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const dependencies = Object.fromEntries(
    versions.map((version) => [`node${version}`, `npm:node-${system}@${version}`]),
  )
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
  const { status, stdout, stderr } = spawnSync('npm', install, { cwd: folder, encoding: 'utf8' })
  if (status !== 0) throw new Error(`npm cannot install Node ${versions.join(', ')} for ${system}:\n${stdout}${stderr}`)
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node'
  return versions.map((version) => join(folder, 'node_modules', `node${version}`, file))
}

/** The hashes in the Node of that path; `dist`, `models` and `compute` are file URLs. */
export function hashesInNode(node, { dist, models, compute }) {
  const source = programSource({
    ncnn: `${dist}ncnn.js`,
    compute,
    read: `async (file) => new Uint8Array(await readFile(new URL(file, '${models}')))`,
    report: 'console.log',
  })
  const args = ['--input-type=module', '-e', `import { readFile } from 'node:fs/promises'\n${source}`]
  const { status, stdout, stderr } = spawnSync(node, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${node} ended with ${status}:\n${stderr}`)
  return JSON.parse(stdout)
}
