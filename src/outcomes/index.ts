// What the matchers tell of each assertion, and how to listen.
export { type Evidence, evidenceOf, type HeatMap, type LogAxis, type Scatter } from './evidence.ts'
export { isListening, type Listener, listen } from './listeners.ts'
export { type Assertion, type Compared, type Outcome, type TensorOutcome, tellError, tellResult } from './outcome.ts'
export { locate, type Where } from './where.ts'
