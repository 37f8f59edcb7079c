// `expect-tensor device-worker`: the source of the program that workerEngine starts, and how it is built.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import { defineCommand, UsageError } from './command.ts'

export const deviceWorker = defineCommand({
  summary: 'print the C++ source of the worker that runs ncnn on a device without Python',
  positionals: '',
  description: `Prints one C++ file. Built against the ncnn that ships, 20211208 or newer, it is the program that
workerEngine({ command }) of expect-tensor/ncnn starts: on a phone, on a board, here.

  npx expect-tensor device-worker > worker.cpp

On a desktop, where NCNN is the folder that ncnn is installed in:

  c++ -std=c++11 -O2 worker.cpp -o worker -I NCNN/include -L NCNN/lib -lncnn -Wl,-rpath,NCNN/lib
  workerEngine({ command: ['./worker'] })

For a board with 64-bit ARM, by Debian's g++-aarch64-linux-gnu, where NCNN has a static ncnn of this compiler's:

  aarch64-linux-gnu-g++ -std=c++11 -O2 -static worker.cpp -o worker -I NCNN/include -L NCNN/lib -lncnn -fopenmp && scp worker board:
  workerEngine({ command: ['ssh', 'board', './worker'] })

For a phone, by the Android NDK, where NCNN is the folder arm64-v8a of one of ncnn's releases for Android:

  aarch64-linux-android24-clang++ -std=c++11 -O2 worker.cpp -o worker -I NCNN/include -L NCNN/lib -lncnn -fopenmp -static-openmp -static-libstdc++ -landroid -ljnigraphics -llog && adb push worker /data/local/tmp/
  workerEngine({ command: ['adb', 'shell', '-T', '/data/local/tmp/worker'] })

Where ncnn is a static library with Vulkan, the other libraries of its folder follow -lncnn.`,
  options: {},

  async run({ values, positionals, out }) {
    if (positionals.length > 0) throw new UsageError('there is nothing to name: the source goes to standard output')
    const source = readFileSync(sourcePath(), 'utf8').trimEnd()
    out(values.json ? JSON.stringify({ path: sourcePath(), source }, null, 2) : source)
    return 0
  },
})

/** The package finds itself, built or not. */
function sourcePath(): string {
  const root = createRequire(import.meta.url).resolve(`${packageJson.name}/package.json`)
  return join(dirname(root), 'device', 'worker.cpp')
}
