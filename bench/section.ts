// What a section of the bench measured.

export interface SectionResult {
  /** For people. */
  readonly markdown: string
  /** The numbers behind it. */
  readonly data: unknown
}
