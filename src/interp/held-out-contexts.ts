/** Which contexts of a text hold held-out text: nothing in them may be used to build an explanation. */
import type { ActivationsInfo } from "../kinds/activations/activations-handle.ts"

/**
 * @param documents Document of each position, as in a Tokens artifact.
 * @returns One flag per context: 1 where any token of it is held out. A context that training and held-out documents
 *   share counts as held out.
 */
export const heldOutContexts = (
  { split, context_size }: Pick<ActivationsInfo, "split" | "context_size">,
  documents: Int32Array
): Uint8Array<ArrayBuffer> => {
  const contexts = Math.ceil(documents.length / context_size)
  const flags = new Uint8Array(contexts)
  if (split.by === "contexts") {
    if (split.first_held_out_context !== null) flags.fill(1, split.first_held_out_context)
    return flags
  }
  const heldOut = new Set(split.held_out_documents)
  for (const [position, document] of documents.entries()) {
    if (heldOut.has(document)) flags[Math.floor(position / context_size)] = 1
  }
  return flags
}
