// What the matcher uses of the snapshots.
export { contentsOf, onlyTensor } from './contents.ts'
export { snapshotFiles } from './files/index.ts'
export { isPromise, run } from './flow.ts'
export { type Judgement, passes } from './judge.ts'
export { matchSnapshot, type SnapshotResult } from './match-snapshot.ts'
export { checkSnapshotOptions, parseArguments, type SnapshotOptions, type SnapshotStorage } from './options.ts'
export { type SnapshotContext, snapshotEntry } from './runner-state.ts'
