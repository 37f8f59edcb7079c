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

export const isReduced = (options: Options): boolean =>
  Object.keys(plainSwitches).some((name) => Boolean(options[name]))

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

/** Bits of ncnn's parameter 31: no fp16 arithmetic, no fp16 storage, no bf16 storage. */
const [noFp16Arithmetic, noFp16Storage, noBf16Storage] = [1, 2, 4]

/** The mask that keeps a layer in float32 under these options. */
export const masksFor = (options: Options): number =>
  (options.useFp16Arithmetic ? noFp16Arithmetic : 0) |
  (options.useFp16Storage || options.useFp16Packed ? noFp16Storage : 0) |
  (options.useBf16Storage || options.useBf16Packed ? noBf16Storage : 0)
