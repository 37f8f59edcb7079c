// Loaded before a runner starts: file operations fail as they do on a full disk, or in a folder that cannot be changed.
const fs = require('node:fs')

function fail(code, message, path) {
  throw Object.assign(new Error(`${code}: ${message}, '${path}'`), { code })
}

/** Overwriting begins with cutting a file off, for which there is always room. */
function fillUp(path) {
  if (!String(path).endsWith('.snap')) return
  fs.truncateSync(path, 0)
  fail('ENOSPC', 'no space left on device, write', path)
}

const faults = {
  tensors() {
    const { openSync } = fs
    fs.openSync = (path, flags, ...rest) =>
      /\.tensors/.test(path) && /w/.test(flags) ? fail('ENOSPC', 'no space left', path) : openSync(path, flags, ...rest)
  },
  snap() {
    const { writeFileSync } = fs
    const { writeFile } = fs.promises
    fs.writeFileSync = (path, ...rest) => fillUp(path) ?? writeFileSync(path, ...rest)
    fs.promises.writeFile = async (path, ...rest) => fillUp(path) ?? writeFile(path, ...rest)
  },
  removal() {
    const { rmSync } = fs
    fs.rmSync = (path, ...rest) =>
      /\.safetensors$/.test(path) ? fail('EACCES', 'permission denied', path) : rmSync(path, ...rest)
  },
}

faults[process.env.DISK_FAULT]?.()
