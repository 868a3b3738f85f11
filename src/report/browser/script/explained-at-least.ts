/** How well a latent is explained at least: the 95 % lower bound of its F1, -1 where it has no score. */
import { f1LowerBound } from "./f1-lower-bound.ts"
import type { ListedLatent } from "./listed-latents.ts"

export const explainedAtLeast = ({ score }: Pick<ListedLatent, "score">): number => {
  if (score === null) return -1
  const [, , , , , found = 0, wrong = 0, missed = 0] = score
  return f1LowerBound(found, wrong, missed)
}
