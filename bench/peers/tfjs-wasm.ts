// TensorFlow.js with its WebAssembly backend as a peer, on one thread: images and filters in its own order, channels last.
import { dirname } from 'node:path'
import type { ConvolutionPeer } from './convolution-peer.ts'
import { importPeer, requireFromPeers } from './import-peer.ts'

interface TfTensor {
  dataSync(): Float32Array
  dispose(): void
}

interface FusedConvolution {
  readonly x: TfTensor
  readonly filter: TfTensor
  readonly bias: TfTensor
  readonly strides: number
  readonly pad: number
  readonly dilations: number
}

interface Tfjs {
  readonly version_core: string
  setBackend(name: string): Promise<boolean>
  tensor(values: Float32Array, shape: readonly number[]): TfTensor
  transpose(x: TfTensor, order: readonly number[]): TfTensor
  tidy<T>(f: () => T): T
  keep(x: TfTensor): TfTensor
  readonly fused: Readonly<Record<'conv2d' | 'depthwiseConv2d', (convolution: FusedConvolution) => TfTensor>>
}

interface WasmBackend {
  setWasmPaths(folder: string): void
  setThreadsCount(count: number): void
}

const packageName = '@tensorflow/tfjs-backend-wasm'

/** Undefined when the package is not there. It leaves out 1-d convolutions, which it does not pad by a number. */
export async function tfjsWasmPeer(): Promise<ConvolutionPeer | undefined> {
  const tf = (await importPeer('@tensorflow/tfjs-core')) as Tfjs | undefined
  const backend = (await importPeer(packageName)) as WasmBackend | undefined
  if (tf === undefined || backend === undefined) return undefined
  backend.setWasmPaths(`${dirname(requireFromPeers.resolve(`${packageName}/package.json`))}/dist/`)
  backend.setThreadsCount(1)
  if (!(await tf.setBackend('wasm'))) return undefined
  return {
    name: 'tfjs wasm',
    version: tf.version_core,
    async prepare({ channels, outputs, size, kernel, stride, dilation, pad, group, weights, bias, input }) {
      if (size.length === 1) return undefined
      const [x, filter, offset] = tf.tidy(() => {
        const image = tf.tensor(input.data as Float32Array, [1, channels, ...size])
        const stored = tf.tensor(weights, [outputs, channels / group, kernel, kernel])
        const order = group === 1 ? [2, 3, 1, 0] : [2, 3, 0, 1]
        return [tf.transpose(image, [0, 2, 3, 1]), tf.transpose(stored, order), tf.tensor(bias, [outputs])].map(tf.keep)
      })
      const convolve = tf.fused[group === 1 ? 'conv2d' : 'depthwiseConv2d']
      const convolution = { x, filter, bias: offset, strides: stride, pad, dilations: dilation }
      return {
        async run() {
          // outside of tidy, which would look for tensors among the elements
          const y = convolve(convolution)
          const result = y.dataSync()
          y.dispose()
          return result
        },
        compute: () => convolve(convolution).dispose(),
      }
    },
  }
}
