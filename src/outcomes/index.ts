// What the matchers tell of each assertion, and how to listen.
export {
  type ErrorProfile,
  type Evidence,
  evidenceOf,
  type HeatMap,
  type LogAxis,
  type Scatter,
} from './evidence.ts'
export type { Given, GivenValue } from './given.ts'
export { isListening, type Listener, listen } from './listeners.ts'
export {
  type Assertion,
  type Compared,
  type Outcome,
  type OutcomeLayer,
  type TensorOutcome,
  tellError,
  tellResult,
} from './outcome.ts'
export { attemptOf, locate, type VitestTest, type Where } from './where.ts'
