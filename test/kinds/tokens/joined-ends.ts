import type { PackingInfo } from "../../../src/kinds/tokens/tokens-handle.ts"

/** Ends of documents are joined with the BOS between them, in the order of the source. */
export const joinedEnds = (bos: number | null): PackingInfo => ({
  documents: "join_ends",
  separator_id: bos,
  shuffle_seed: null
})
