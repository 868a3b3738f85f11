/**
 * What the noise of held-out metrics is over: documents, since the tokens of one text are alike, so that an interval over rows
 * would be far too narrow. Contexts, where fewer documents are held out than an interval can be told from.
 */
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { leastUnits } from "../../numeric/bootstrap.ts"

export interface HeldOutUnits {
  readonly by: "document" | "context"
  readonly count: number
  /** Unit of a held-out row, from its document and its position in the token stream: 0 to `count` - 1. Not all have rows. */
  readonly of: (document: number, position: number) => number
}

/** More units than this are joined with their neighbours: it keeps memory from growing with the text, and intervals wider. */
const mostUnits = 1000

const joined = (index: number, all: number): number => Math.floor((index * Math.min(all, mostUnits)) / all)

export const heldOutUnits = ({
  split,
  contexts,
  context_size
}: Pick<ActivationsHandle, "split" | "context_size"> & {
  readonly contexts: Pick<ActivationsHandle["contexts"], "contexts">
}): HeldOutUnits => {
  const documents = split.held_out_documents.length
  if (split.by === "document" && documents >= leastUnits) {
    const rank = new Map(split.held_out_documents.map((document, index) => [document, index]))
    return {
      by: "document",
      count: Math.min(documents, mostUnits),
      of: (document) => joined(rank.get(document) ?? 0, documents)
    }
  }
  const first = split.by === "contexts" ? (split.first_held_out_context ?? 0) : 0
  const all = Math.max(1, contexts.contexts - first)
  return {
    by: "context",
    count: Math.min(all, mostUnits),
    of: (_, position) => joined(Math.floor(position / context_size) - first, all)
  }
}
