// Writes a SavedModel of TensorFlow field by field.
// Source: https://github.com/tensorflow/tensorflow/blob/v2.9.3/tensorflow/core/protobuf/saved_model.proto and what it imports
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { concatenate } from '../../../src/files/format.ts'
import { bytesField, numberField } from '../../../src/runners/onnx/wire.ts'

const float = 1
const int64 = 9

const message = (id: number, ...fields: readonly Uint8Array[]): Uint8Array => bytesField(id, concatenate(fields))

/** An entry of a map from names to messages. */
const entry = (id: number, key: string, ...fields: readonly Uint8Array[]): Uint8Array =>
  message(id, bytesField(1, key), message(2, ...fields))

const typeAttr = (name: string, type: number): Uint8Array => entry(5, name, numberField(6, type))

const node = (name: string, op: string, inputs: readonly string[], ...attrs: readonly Uint8Array[]): Uint8Array =>
  message(1, bytesField(1, name), bytesField(2, op), ...inputs.map((input) => bytesField(3, input)), ...attrs)

const tensorInfo = (id: number, key: string, name: string, type: number): Uint8Array =>
  entry(id, key, bytesField(1, name), numberField(2, type), message(3, message(2, numberField(1, 3))))

/**
 * Writes a saved_model.pb: `twice` is x + x, `count` n + n, x three floats, n three int64.
 * @param signature its name
 */
export async function writeSavedModel(folder: string, signature = 'serving_default'): Promise<void> {
  const graph = [
    node('serve_x', 'Placeholder', [], typeAttr('dtype', float)),
    node('serve_n', 'Placeholder', [], typeAttr('dtype', int64)),
    node('sum', 'AddV2', ['serve_x', 'serve_x'], typeAttr('T', float)),
    node('count', 'AddV2', ['serve_n', 'serve_n'], typeAttr('T', int64)),
    message(4, numberField(1, 987)),
  ]
  const tensors = [
    tensorInfo(1, 'x', 'serve_x:0', float),
    tensorInfo(1, 'n', 'serve_n:0', int64),
    tensorInfo(2, 'twice', 'sum:0', float),
    tensorInfo(2, 'count', 'count:0', int64),
    bytesField(3, 'tensorflow/serving/predict'),
  ]
  const metaGraph = [message(1, bytesField(4, 'serve')), message(2, ...graph), entry(5, signature, ...tensors)]
  await writeFile(join(folder, 'saved_model.pb'), concatenate([numberField(1, 1), message(2, ...metaGraph)]))
}
