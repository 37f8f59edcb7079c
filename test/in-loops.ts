// Assertions for loops of thousands: `expect` takes some 30 microseconds when it passes, these take none, and leave what fails to it.
import { expect } from 'vitest'

/** `expect(found, message).toBe(wanted)` */
export function expectSame<Value>(found: Value, wanted: Value, message?: string): void {
  if (!Object.is(found, wanted)) expect(found, message).toBe(wanted)
}

/** `expect(found, message).toBeLessThanOrEqual(most)` */
export function expectAtMost(found: number, most: number, message?: string): void {
  if (!(found <= most)) expect(found, message).toBeLessThanOrEqual(most)
}
