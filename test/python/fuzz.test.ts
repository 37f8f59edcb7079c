// Changed tensor files against numpy and safetensors: what they read we read bit by bit, or refuse for a reason that is listed here; what they
// refuse we refuse. No file takes long, or memory that its bytes do not fill.
// FUZZ_RUNS and FUZZ_SEED say how many are tried and which: `npm run test:fuzz` tries tens of thousands.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeElements } from '../../src/files/elements.ts'
import { TensorFileError } from '../../src/files/error.ts'
import { decodeNpy, decodeNpz, decodeSafetensors } from '../../src/files/index.ts'
import type { Tensor } from '../../src/tensor/tensor.ts'
import { npyMutant, npzMutant, safetensorsMutant } from './file-mutants.ts'
import { describeWithPython, runPython } from './python.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 1000)
const seed = Number(process.env.FUZZ_SEED ?? 7)
/** Files that Python reads at once. */
const batch = 2000
/** In milliseconds: far above what a slow machine needs for such small files. */
const timeLimit = 2000
/** The fixtures have a few kilobytes. */
const mostBytes = 2 ** 24

/** dtype, shape, and a digest of the elements in row-major order. */
type Read = readonly [dtype: string, shape: readonly number[], digest: string]
type Answer = Readonly<Record<string, Read | 'no array'>> | string

/** The names of `read` are files. A name that cannot be read makes the file unreadable. */
const python = (read: string) => `
import hashlib, resource, warnings
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
def digest(data, is_bool):
    return hashlib.sha1(bytes(map(bool, data)) if is_bool else bytes(data)).hexdigest()
${read}
result = []
for path in args:
    try:
        result.append(read(path))
    except Exception as error:
        result.append(f"{type(error).__name__}: {error}")
`

const numpy = `
import numpy as np
def plain(array):
    if not isinstance(array, np.ndarray):
        return "no array"
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return [array.dtype.name, list(array.shape), digest(little.view(np.uint8).reshape(-1) if array.dtype == bool else little.tobytes(), array.dtype == bool)]
`

const readNpy = python(`${numpy}
def read(path):
    with open(path, "rb") as file:
        return {"": plain(np.lib.format.read_array(file, allow_pickle=False))}
`)

const readNpz = python(`${numpy}
def read(path):
    with open(path, "rb") as file:
        archive = np.lib.npyio.NpzFile(file, allow_pickle=False)
        return {name: plain(archive[name]) for name in archive.files}
`)

const readSafetensors = python(`
import safetensors
names = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32", "I16": "int16",
         "I8": "int8", "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool"}
def read(path):
    with open(path, "rb") as file:
        tensors = safetensors.deserialize(file.read())
    return {name: [names.get(t["dtype"], t["dtype"]), list(t["shape"]), digest(t["data"], t["dtype"] == "BOOL")] for name, t in tensors}
`)

interface Format {
  readonly mutant: fc.Arbitrary<Uint8Array>
  readonly decode: (bytes: Uint8Array) => Readonly<Record<string, Tensor>>
  readonly code: string
  /** Why a file is refused that they read. */
  readonly stricter: RegExp
}

const npyStricter = [
  /dtype '.*' does not say its byte order/,
  /is not numeric data that a tensor can hold|two raw bytes per element|structured array|unknown dtype/,
  // numpy leaves what follows the elements.
  /, but \d+ follow the header: was numpy.save called several times/,
  // Python's literals: comments, numbers such as 0x10 and 1_0, escapes, the same key twice.
  /the header is not a Python dict/,
  /'shape' in the header must be a tuple of integers, found \[true/,
  /is larger than any file/,
]
const npzStricter = [
  ...npyStricter,
  // numpy hands a member that is called .npy and is none over as bytes.
  /not a \.npy array/,
  /has two (members|arrays) called|has a member .* beside the array/,
  /is encrypted/,
  // zipfile finds a directory by its signature, wherever the end record says that it is, and goes on where nothing is left of a member.
  /the zip directory at the end of the file is missing/,
  /which does not fit: it should end at byte|one part of a split zip archive/,
  /expected the zip64 end of directory/,
  /the deflated data is damaged \(unexpected EOF\)/,
  /has a zero byte|is not UTF-8/,
  /is not possible; the file is damaged|runs into what follows/,
  /is declared at bytes|the header of .* is damaged|its own header|entry \d+ of \d+ in the zip directory is damaged/,
  /the zip directory has .*, but its/,
  /is compressed with/,
  /declares a size beyond/,
]
const safetensorsStricter = [
  /must be an object of strings, found null|occurs twice/,
  /every length in shape must be an integer of 0 or more, found .*\d{16}/,
  /^.*dtype (F8_\w+|F6_\w+|F4|C64) is not supported/,
  /larger than any file/,
]

const either = (patterns: readonly RegExp[]): RegExp => new RegExp(patterns.map(({ source }) => source).join('|'))

const formats: Readonly<Record<string, Format>> = {
  npy: {
    mutant: npyMutant,
    decode: (bytes) => ({ '': decodeNpy(bytes) }),
    code: readNpy,
    stricter: either(npyStricter),
  },
  npz: { mutant: npzMutant, decode: decodeNpz, code: readNpz, stricter: either(npzStricter) },
  safetensors: {
    mutant: safetensorsMutant,
    decode: (bytes) => decodeSafetensors(bytes).tensors,
    code: readSafetensors,
    stricter: either(safetensorsStricter),
  },
}

function ours(decode: Format['decode'], bytes: Uint8Array): Answer {
  let tensors: Readonly<Record<string, Tensor>>
  try {
    tensors = decode(bytes)
  } catch (error) {
    if (error instanceof TensorFileError) return error.message
    throw error
  }
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      expect(tensor.data.byteLength).toBeLessThan(mostBytes)
      const digest = createHash('sha1').update(encodeElements(tensor)).digest('hex')
      return [name, [tensor.dtype, [...tensor.shape], digest]]
    }),
  )
}

/** What is wrong with our answer, if anything. */
function problem(found: Answer, theirs: Answer, { stricter }: Format): string | undefined {
  if (typeof found === 'string') {
    return typeof theirs === 'string' || stricter.test(found) ? undefined : `refused (${found}), but they read it`
  }
  if (typeof theirs === 'string') {
    // What a zip holds besides arrays is left alone, be it damaged; Python 2's 3L is read in each version of .npy.
    const isLeftAlone =
      /^(BadZipFile: (Bad CRC-32 for|File name in)|NotImplementedError|OSError|EOFError|LZMAError|error)|Cannot parse header: .*\dL/.test(
        theirs,
      )
    return isLeftAlone ? undefined : `read, but they refuse it: ${theirs}`
  }
  const arrays = Object.entries(theirs).filter(([, read]) => read !== 'no array')
  const sorted = (entries: readonly (readonly [string, unknown])[]) =>
    JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
  return sorted(arrays) === sorted(Object.entries(found)) ? undefined : 'read otherwise'
}

describeWithPython('changed files, against numpy and safetensors', ['numpy', 'safetensors'], () => {
  test.each(Object.entries(formats))(`${runs} .%s files`, { timeout: runs * 50 + 60_000 }, async (name, format) => {
    const { mutant, decode, code } = format
    const folder = mkdtempSync(join(tmpdir(), 'expect-tensor-fuzz-'))
    const files = fc.sample(mutant, { numRuns: runs, seed })
    const counts = { read: 0, 'refused by both': 0, 'refused by us': 0 }
    for (let start = 0; start < files.length; start += batch) {
      const part = files.slice(start, start + batch)
      const paths = part.map((bytes, index) => {
        const path = join(folder, `${start + index}.${name}`)
        writeFileSync(path, bytes)
        return path
      })
      const answers = await runPython<Answer[]>(code, paths)
      for (const [index, bytes] of part.entries()) {
        const theirs = answers[index]
        const started = performance.now()
        const found = ours(decode, bytes)
        expect(performance.now() - started).toBeLessThan(timeLimit)
        const wrong = problem(found, theirs, format)
        if (wrong !== undefined) {
          throw new Error(
            `seed ${seed}: ${paths[index]}: ${wrong}\nours: ${JSON.stringify(found)}\ntheirs: ${JSON.stringify(theirs)}`,
          )
        }
        const isRefused = typeof found === 'string'
        counts[!isRefused ? 'read' : typeof theirs === 'string' ? 'refused by both' : 'refused by us']++
        rmSync(paths[index])
      }
    }
    rmSync(folder, { recursive: true })
    console.log(`${runs} .${name} files, seed ${seed}: ${JSON.stringify(counts)}`)
    expect(counts.read).toBeGreaterThan(runs / 8)
    expect(counts['refused by both']).toBeGreaterThan(runs / 8)
  })
})
