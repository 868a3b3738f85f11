/**
 * Matryoshka BatchTopK: latents in groups, and every prefix of groups reconstructs the row as well as it can, so that
 * early latents stay general. BatchTopK chooses once, from all latents.
 *
 *   x_hat_g = sum_{h <= g} f_h W_dec_h + b_dec,   loss = sum_g omega_g |x - x_hat_g|^2 + alpha AuxK of the last residual
 *
 * Bussmann, Nabeshima, Karvonen and Nanda 2025, arXiv 2503.17547, section 3; dictionary_learning
 * `trainers/matryoshka_batch_top_k.py`. Every pair is decoded and given its gradient once, as in BatchTopK.
 */
import * as Param from "../../stage/param.ts"
import type { SaeArchitecture } from "../architecture.ts"
import { choiceOptions, choiceProblems, impliedByGhosts } from "../settings/choice-options.ts"
import { dictionaryLearningChoice } from "../settings/dictionary-learning-preset.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"
import { saelensChoice } from "../settings/saelens-preset.ts"

const options = {
  ...choiceOptions,
  groups: Param.list(Param.number({ description: "a share", minimum: 0, maximum: 1 }), {
    default: [1 / 32, 1 / 16, 1 / 8, 1 / 4, 17 / 32],
    description: "shares of the latents that the groups hold"
  }),
  // Of G prefixes; SAELens: sum, dictionary_learning: mean_of_mean.
  prefix_weights: Param.choice(["mean", "sum", "mean_of_mean"], {
    default: "mean",
    description: "weight of each of the G prefixes' losses: 1/G, 1 or 1/G^2"
  })
}
type Own = Param.ParamValues<typeof options>

/** Latents of each group: the shares rounded down, the rest in the last. */
export const groupSizes = ({
  groups,
  d_sae
}: Pick<Own, "groups"> & { readonly d_sae: number }): ReadonlyArray<number> => {
  const sizes = groups.slice(0, -1).map((share) => Math.floor(share * d_sae))
  return [...sizes, d_sae - sizes.reduce((sum, n) => sum + n, 0)]
}

const prefixWeight = ({ prefix_weights, groups }: Own): number =>
  ({ sum: 1, mean: 1 / groups.length, mean_of_mean: 1 / groups.length ** 2 })[prefix_weights]

const groupProblems = ({ groups, d_sae }: Own & { readonly d_sae: number }): ReadonlyArray<ParamProblem> => {
  const sum = groups.reduce((total, share) => total + share, 0)
  if (groups.length === 0 || groups.some((share) => !(share > 0)) || Math.abs(sum - 1) > 1e-6) {
    const problem = `groups are shares of the latents that add up to 1, not ${groups.join(" + ")} = ${sum}`
    return [{ param: "groups", problem }]
  }
  return groups.some((share) => Math.floor(share * d_sae) < 1)
    ? [{ param: "groups", problem: `groups: a share of ${Math.min(...groups)} of ${d_sae} latents is none` }]
    : []
}

const matryoshkaBatchTopk: SaeArchitecture<typeof options> = {
  name: "matryoshka_batch_topk",
  summary: "batch_topk with nested prefixes",
  options,
  presets: {
    dictionary_learning: { ...dictionaryLearningChoice, prefix_weights: "mean_of_mean" },
    saelens: { ...saelensChoice, prefix_weights: "sum" }
  },
  implied: impliedByGhosts,
  problems: (asked) => [...choiceProblems(asked), ...groupProblems(asked)],
  sparseBy: "k",
  latentType: "batch_topk",
  latents: ({ b_enc, threshold }, asked) => ({
    type: "batch_topk",
    b_enc,
    k: asked.k,
    threshold,
    groups: groupSizes(asked)
  }),
  threshold: true,
  load: async () => {
    const { chosenLoss } = await import("../loss/chosen-loss.ts")
    return {
      loss: (batch) => {
        let end = 0
        const ends = Int32Array.from(groupSizes(batch.options), (size) => (end += size))
        return chosenLoss(batch, "batch", { ends, weight: prefixWeight(batch.options) })
      }
    }
  }
}

export default matryoshkaBatchTopk
