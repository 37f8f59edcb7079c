// Layers that only hand their inputs on: Input, Split, Noop, Dropout, DeepCopy.
import { NcnnError } from '../../../error.ts'
import { inputParams } from '../../../input-params.ts'
import { float } from '../../../params.ts'
import { defineLayer } from '../layer.ts'

/** Its outputs are fed by the user; its parameters only describe them. */
export const Input = defineLayer({
  type: 'Input',
  inputs: '0+',
  params: inputParams,
  forward() {
    throw new NcnnError('an Input layer is fed, not run')
  },
})

/** y0, y1, ... = x */
export const Split = defineLayer({
  type: 'Split',
  inputs: '1',
  params: {},
  forward: ([x], { outputCount }) => Array.from({ length: outputCount }, () => x.share()),
})

/** y0, y1, ... = x0, x1, ..., as many as the network names. */
export const Noop = defineLayer({
  type: 'Noop',
  inputs: '0+',
  params: {},
  forward: (inputs, { outputCount }) => inputs.slice(0, outputCount).map((x) => x.share()),
})

/** y = x */
export const DeepCopy = defineLayer({
  type: 'DeepCopy',
  inputs: '1',
  params: {},
  forward: ([x]) => x.share(),
})

/** y = x * scale: at inference, dropout only scales. */
export const Dropout = defineLayer({
  type: 'Dropout',
  inputs: '1',
  params: { scale: float(0, 1) },
  forward([x], { params: { scale } }, workspace) {
    if (scale === 1) return x.share()
    const y = workspace.reuse(x)
    const source = x.data
    const target = y.data
    for (let i = 0; i < target.length; i++) target[i] = source[i] * scale
    return y
  },
})
