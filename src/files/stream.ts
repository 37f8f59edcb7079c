// Writes a .safetensors file whose tensors come one by one, more of them than fit into memory.
import type { Tensor } from '../tensor/tensor.ts'
import { encodeElements } from './elements.ts'
import { replaceFile, tensorPath, withSpool } from './file-system.ts'
import { layOut } from './safetensors.ts'

interface Spooled extends Pick<Tensor, 'shape' | 'dtype'> {
  readonly begin: number
  readonly end: number
}

/**
 * Writes what `produce` adds. The header of the format comes first and tells all sizes, so tensors wait in a temporary file beside the
 * target. That is replaced as a whole when `produce` has ended, or not at all when it throws.
 *
 * @param produce calls `add` for each tensor, which need not be kept then; resolves to the metadata
 * @throws TensorFileError when the format cannot hold a name or the metadata, or the file cannot be written
 */
export async function streamTensors(
  file: string | URL,
  produce: (add: (name: string, tensor: Tensor) => void) => Promise<Readonly<Record<string, string>>>,
): Promise<void> {
  const path = tensorPath(file)
  await withSpool(path, async (spool) => {
    const spooled = new Map<string, Spooled>()
    const metadata = await produce((name, tensor) => {
      const bytes = encodeElements(tensor)
      const begin = spool.append(bytes)
      spooled.set(name, { shape: tensor.shape, dtype: tensor.dtype, begin, end: begin + bytes.length })
    })
    const { header, order } = layOut(spooled, path, metadata)
    replaceFile(path, pieces(header, order))

    function* pieces(first: Uint8Array, names: readonly string[]): Iterable<Uint8Array> {
      yield first
      for (const name of names) {
        const { begin, end } = spooled.get(name) as Spooled
        yield spool.read(begin, end)
      }
    }
  })
}
