// Where ncnn's shared library may be.
import { nodeModule } from '../../../../host/node-modules.ts'

/**
 * The names to try, in this order: what was asked for, or `NCNN_LIBRARY`, and nothing else then; otherwise the platform's usual names,
 * which the system's loader looks up, and Homebrew's folder.
 */
export function libraryNames(
  library: string | undefined,
  platform: NodeJS.Platform = process.platform,
  env: NodeJS.ProcessEnv = process.env,
): string[] {
  const { join } = nodeModule('node:path')
  const chosen = library || env.NCNN_LIBRARY
  if (chosen) return [chosen]
  const homebrew = [env.HOMEBREW_PREFIX, '/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew']
  const inHomebrew = (file: string): string[] => [
    ...new Set(homebrew.flatMap((prefix) => (prefix ? [join(prefix, 'lib', file)] : []))),
  ]
  switch (platform) {
    case 'win32':
      return ['ncnn.dll']
    case 'darwin':
      return ['libncnn.dylib', ...inHomebrew('libncnn.dylib')]
    default:
      return ['libncnn.so', 'libncnn.so.1', ...inHomebrew('libncnn.so')]
  }
}
