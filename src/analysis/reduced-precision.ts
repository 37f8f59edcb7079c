// ncnn's reduced precisions as the analysis switches them: which are on, and how to do without.

type Options = Readonly<Record<string, unknown>>
type Switches = Readonly<Record<string, boolean>>

/** Everything that makes numbers narrower than float32, off. */
export const plainSwitches: Switches = {
  useFp16Packed: false,
  useFp16Storage: false,
  useFp16Arithmetic: false,
  useBf16Packed: false,
  useBf16Storage: false,
}

/** What is on, switched off step by step: sums first, then blobs, then everything. */
export function switchesOff(options: Options): Switches[] {
  const steps: Switches[] = [
    { useFp16Arithmetic: false },
    { useFp16Storage: false, useFp16Arithmetic: false },
    { useBf16Storage: false },
    plainSwitches,
  ]
  return steps.filter((switches) => Object.keys(switches).some((name) => Boolean(options[name])))
}

/**
 * ncnn's parameter 31: a layer that sums in float32. The bits that keep one in float32 altogether are no repair: with them ncnn 1.0.20261020
 * gives noise on ARM, and under bf16 storage on x86.
 */
export const noFp16Arithmetic = 1
