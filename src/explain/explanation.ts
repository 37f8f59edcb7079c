// What a failure says, before it is laid out. A renderer makes text of it (text.ts), or HTML, or Markdown.
import type { ErrorHistogram, Hint } from '../compare/comparison.ts'

/** A line with a label: `tolerance`, `atol 1e-5, rtol 0 (as given)`. */
export interface Fact {
  readonly label: string
  readonly text: string
}

export interface Column {
  /** Empty in a table without a heading. */
  readonly heading: string
  /** `point`: numbers stand below each other at their decimal points. */
  readonly alignment: 'left' | 'right' | 'point'
}

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
  /** How many more rows there are than are listed, in words. */
  readonly more?: string
}

/**
 * What there is to say, most important first: a renderer keeps the order of these fields. Texts are neither wrapped nor padded, and
 * what does not apply is left out.
 */
export interface Explanation {
  /** One line, for summaries. */
  readonly verdict: string
  /** Of several tensors, those that failed, and why. */
  readonly tensors?: Table
  /** Sentences that say more than the verdict. */
  readonly findings?: readonly string[]
  /** What was compared, and by which rule. */
  readonly facts?: readonly Fact[]
  /** The worst elements, `a` the actual and `r` the reference value; or how classes rank. */
  readonly table?: Table
  /** How large the errors are. */
  readonly errors?: readonly Fact[]
  /** How they are spread over the decades, and the absolute tolerance among them. */
  readonly histogram?: ErrorHistogram & { readonly atol: number }
  /** How alike the tensors are as a whole. */
  readonly overall?: readonly Fact[]
  /** Where the error is concentrated, in order of importance. */
  readonly slices?: readonly Fact[]
  /** Options that would have passed, ready to be pasted. */
  readonly wouldPass?: readonly string[]
  readonly hints?: readonly Hint[]
  /** Of several tensors or rows, the first that failed: this one has no facts, table and errors of its own then. */
  readonly details?: { readonly title: string; readonly explanation: Explanation }
  /** Where the reference comes from, and how to go on. */
  readonly origin?: readonly Fact[]
  readonly advice?: readonly string[]
}
