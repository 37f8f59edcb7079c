// Timing by CPU time, in interleaved rounds: on a busy machine wall time says little, and ratios taken in one run say most.
import { execFileSync } from 'node:child_process'

/** Something to be timed: runs the work `repeats` times and answers with the CPU time it took, in nanoseconds. */
export interface Contender {
  readonly name: string
  run(repeats: number): number | Promise<number>
}

/** Median CPU time of one repetition, in nanoseconds, with the fastest and the slowest round. */
export interface Timing {
  readonly name: string
  readonly median: number
  readonly fastest: number
  readonly slowest: number
}

/** A contender that runs in this process. */
export function inProcess(name: string, work: () => unknown): Contender {
  return {
    name,
    run(repeats) {
      const before = process.cpuUsage()
      for (let i = 0; i < repeats; i++) work()
      const { user, system } = process.cpuUsage(before)
      return (user + system) * 1000
    },
  }
}

/**
 * A contender whose every repetition runs in a new Node process.
 * @param setUp statements that are not counted
 * @param work statements that are
 */
export function inNewProcess(name: string, setUp: string, work: string): Contender {
  const program = `
    ${setUp}
    const before = process.cpuUsage()
    ${work}
    const { user, system } = process.cpuUsage(before)
    process.stdout.write(String((user + system) * 1000))`
  const args = ['--input-type=module', '--eval', program]
  return {
    name,
    run(repeats) {
      let sum = 0
      for (let i = 0; i < repeats; i++) sum += Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
      return sum
    },
  }
}

/** The clock of CPU time ticks in microseconds at best: a round should take much longer. */
const roundNanoseconds = 60e6
const roundCount = 9

/** Work is repeated so long, or about so often, before it counts: until the engine has optimised it. */
const warmUpNanoseconds = 500e6
const warmUpRuns = 2000

/** What takes this long for a single run is timed in fewer rounds. */
const slowNanoseconds = 1500e6
const slowRounds = 3

/** Times the contenders in turn, round by round, so that whatever else the machine does meets all of them. */
export async function interleave(contenders: readonly Contender[]): Promise<Timing[]> {
  const entries = []
  for (const contender of contenders) {
    // the first runs compile, and tell how often to repeat
    const first = await contender.run(1)
    const slow = first > slowNanoseconds
    let spent = first
    for (let runs = 1; spent < warmUpNanoseconds && runs < warmUpRuns; runs *= 2) spent += await contender.run(runs)
    const single = slow ? first : Math.max(100, (await contender.run(3)) / 3)
    const repeats = Math.max(1, Math.min(20000, Math.round(roundNanoseconds / single)))
    entries.push({ contender, repeats, rounds: slow ? slowRounds : roundCount, times: [] as number[] })
  }
  for (let round = 0; round < roundCount; round++) {
    for (const { contender, repeats, rounds, times } of entries) {
      if (round < rounds) times.push((await contender.run(repeats)) / repeats)
    }
  }
  return entries.map(({ contender, times }) => {
    times.sort((a, b) => a - b)
    const [median = 0, fastest = 0, slowest = 0] = [times[times.length >> 1], times[0], times.at(-1)]
    return { name: contender.name, median, fastest, slowest }
  })
}

/** `12.3 µs`: three digits and the unit that suits. */
export function formatTime(nanoseconds: number): string {
  const units = ['ns', 'µs', 'ms', 's']
  const unit = Math.max(0, Math.min(3, Math.floor(Math.log10(nanoseconds) / 3)))
  return `${Number((nanoseconds / 1000 ** unit).toPrecision(3))} ${units[unit]}`
}

/** A Markdown table. */
export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n')
}

/** The median of `ours` as a multiple of that of `peer`; NaN when either was not measured. */
export function ratio(timings: readonly Timing[], ours: string, peer: string): number {
  const [a, b] = [ours, peer].map((name) => timings.find((timing) => timing.name === name)?.median)
  return a === undefined || b === undefined ? Number.NaN : a / b
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

/** `1.23x`, or nothing for NaN. */
export const formatRatio = (value: number): string => (Number.isNaN(value) ? '' : `${value.toFixed(2)}x`)
