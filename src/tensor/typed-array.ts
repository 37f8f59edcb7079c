// Recognises typed arrays of any realm: Jest and vm contexts have their own `Float32Array`, for which `instanceof` is false.
import { dtypeOfStorage, type TypedArray } from './dtype.ts'

const typedArrayTag = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined

/** The class name of a typed array (`'Float32Array'`), whatever realm made it; undefined for anything else. */
export function typedArrayName(value: unknown): string | undefined {
  return ArrayBuffer.isView(value) ? typedArrayTag.call(value) : undefined
}

/** Whether `value` is a typed array that can store a tensor as it is: all but `Float16Array` and `Uint8ClampedArray`. */
export function isTypedArray(value: unknown): value is TypedArray {
  const name = typedArrayName(value)
  return name !== undefined && Object.hasOwn(dtypeOfStorage, name)
}

/**
 * Refuses a view whose memory is gone: it was transferred to a worker, or it was WebAssembly memory, which is replaced when it
 * grows. Such a view has no elements, and two of them would look alike.
 *
 * @throws TypeError that names the argument.
 */
export function refuseDetached(view: unknown, name: string): void {
  if (!ArrayBuffer.isView(view) || view.byteLength > 0) return
  try {
    new Uint8Array(view.buffer)
  } catch {
    throw new TypeError(
      `${name}: its memory was detached (transferred to a worker, or WebAssembly memory that has grown since): copy the output with slice() as soon as you have it`,
    )
  }
}
