// What is in a tensor file, for `expect-tensor inspect`: each tensor's name, type, shape and size, one after the other, none kept.
import { columns } from '../explain/columns.ts'
import { visitTensorsSync } from '../files/read-write.ts'
import { formatBytes, formatCount } from '../tensor/numbers.ts'
import { formatShape } from '../tensor/shape.ts'

interface ListedTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly elements: number
  readonly bytes: number
}

interface TensorListing {
  readonly tensors: readonly ListedTensor[]
  /** Free text beside them, which only .safetensors files have. */
  readonly metadata: Readonly<Record<string, string>>
}

export function listTensors(path: string): TensorListing {
  const tensors: ListedTensor[] = []
  const metadata = visitTensorsSync(path, (name, { data, shape, dtype }) =>
    tensors.push({ name, dtype, shape, elements: data.length, bytes: data.byteLength }),
  )
  return { tensors, metadata }
}

export function describeTensors({ tensors, metadata }: TensorListing): string {
  const rows = tensors.map(({ name, dtype, shape, elements, bytes }) => [
    name,
    dtype,
    formatShape(shape),
    formatCount(elements),
    formatBytes(bytes),
  ])
  const texts = Object.entries(metadata).map(([name, text]) => [
    name,
    text.length > 60 ? `${text.slice(0, 60)}…` : text,
  ])
  return [
    ...columns([['name', 'dtype', 'shape', 'elements', 'memory'], ...rows], ['left', 'left', 'left', 'right', 'right']),
    ...(texts.length > 0 ? ['', ...columns([['metadata', ''], ...texts], ['left', 'left'])] : []),
  ].join('\n')
}
