// What is known of a run besides its assertions.
import type { Run } from './report.ts'

type TestRun = Pick<Run, 'testRunner' | 'shards' | 'lostFiles'> & { readonly startedAt: number }

/** The run that ends now. */
export function describeRun({ startedAt, ...run }: TestRun, env: NodeJS.ProcessEnv = process.env): Run {
  const commit = env.GITHUB_SHA ?? env.CI_COMMIT_SHA
  const branch = env.GITHUB_HEAD_REF || (env.GITHUB_REF_NAME ?? env.CI_COMMIT_REF_NAME)
  return {
    ...run,
    node: process.versions.node,
    os: process.platform,
    arch: process.arch,
    startedAt: new Date(startedAt).toISOString(),
    durationMs: Date.now() - startedAt,
    ...(commit && { commit }),
    ...(branch && { branch }),
  }
}
