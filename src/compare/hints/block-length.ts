// How many elements the inner loops of hints take in one call.

/** A function that is called often is optimized sooner than one that loops for long. */
export const blockLength = 1024
