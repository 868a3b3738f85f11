/** Options of the architectures that choose k latents, and what has to hold of them. */
import * as Param from "../../stage/param.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"

export const choiceOptions = {
  k: Param.integer({ minimum: 1, description: "active latents a row", unit: "latents" }),
  // dl `k_anneal_steps`.
  k_anneal: Param.number({
    default: 0,
    minimum: 0,
    maximum: 1,
    description: "share of the steps over which k falls from d_in to its value"
  }),
  /**
   * `fraction`: |e - e_hat|^2 / |e - mean e|^2 (Gao et al. 2024, arXiv 2406.04093; dictionary_learning); `scaled_sum`: mean
   * |e - e_hat|^2, less in proportion while fewer than k_aux latents are dead (SAELens); `mean`: the mean of (e - e_hat)^2
   * over all numbers (Bussmann, whose code lets the gradient reach e too; here e is held fixed); `ghost`: ghost gradients
   * (Jermyn and Templeton 2024).
   */
  aux_loss: Param.choice(["fraction", "scaled_sum", "mean", "ghost"], {
    default: "fraction",
    description: "what revives dead latents: AuxK, by the residual's variance, as a sum or a mean; or ghost gradients"
  }),
  aux_coefficient: Param.number({
    default: 1 / 32,
    minimum: 0,
    description: "weight of the auxiliary loss that revives dead latents, 1 for ghost gradients; 0: none"
  }),
  k_aux: Param.integer({
    default: null,
    minimum: 1,
    description: "dead latents that reconstruct the residual of a row; null: d_in / 2"
  })
}

export type ChoiceOptions = Param.ParamValues<typeof choiceOptions>

/** Dead latents that reconstruct the residual; by default half as many as its numbers (dictionary_learning). */
export const auxiliaryLatents = ({ k_aux }: Pick<ChoiceOptions, "k_aux">, d_out: number): number =>
  k_aux ?? Math.max(1, Math.floor(d_out / 2))

/** Ghost gradients are scaled to the loss of the SAE already: over a preset's weight, but not over one that is given. */
export const impliedByGhosts = (
  { aux_loss }: Pick<ChoiceOptions, "aux_loss">,
  given: Partial<ChoiceOptions>
): Partial<ChoiceOptions> => (aux_loss === "ghost" && given.aux_coefficient === undefined ? { aux_coefficient: 1 } : {})

export const choiceProblems = ({
  k,
  d_sae
}: Pick<ChoiceOptions, "k"> & { readonly d_sae: number }): ReadonlyArray<ParamProblem> =>
  k > d_sae
    ? [{ param: "k", problem: `k is ${k}, more than the ${d_sae} latents of d_sae; lower k or raise d_sae` }]
    : []
