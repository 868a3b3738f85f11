/** The control of a rule: its answers, given to others. */
import type { Rng } from "../../random/rng.ts"

/**
 * @param kept of each row, whether its token or its document keeps the rule
 * @param byDocument whether the answer is the document's: then documents exchange theirs. Rows would say that a latent which is one document's
 *   has nothing to do with any rule, where by chance it has much.
 */
export const shuffledAnswers = (
  { kept, document }: { readonly kept: Uint8Array; readonly document: Int32Array },
  byDocument: boolean,
  rng: Rng
): Uint8Array => {
  if (!byDocument) return Uint8Array.from(rng.permutation(kept.length), (row) => kept[row]!)
  const answers = new Map(Array.from(document, (each, row) => [each, kept[row]!]))
  const own = [...answers.keys()]
  const others = new Map(Array.from(rng.permutation(own.length), (at, n) => [own[n]!, answers.get(own[at]!)!]))
  return Uint8Array.from(document, (each) => others.get(each)!)
}
