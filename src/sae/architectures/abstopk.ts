/**
 * AbsTopK: the k pre-activations of each row that are largest in magnitude, with their signs, so that a latent stands for
 * both directions of its decoder row. arXiv 2510.00404; SAELens `abstopk`, which also has dead latents chosen by magnitude
 * for the auxiliary loss.
 */
import * as Param from "../../stage/param.ts"
import type { SaeArchitecture, Batch, BatchLoss, TrainingMethod } from "../architecture.ts"
import { choiceOptions, choiceProblems } from "../settings/choice-options.ts"
import { saelensChoice } from "../settings/saelens-preset.ts"

const { k, k_anneal, aux_coefficient, k_aux } = choiceOptions
const options = {
  k,
  k_anneal,
  aux_loss: Param.choice(["fraction", "scaled_sum", "mean"], {
    default: "fraction",
    description: "what revives dead latents: AuxK, by the residual's variance, as a sum or a mean"
  }),
  aux_coefficient,
  k_aux
}
type Own = Param.ParamValues<typeof options>

const load = async (): Promise<TrainingMethod<Own>> => {
  const { encoderInput, reconstruct, residualOf, weightGradients } = await import("../loss/active-pass.ts")
  const { auxiliaryLoss } = await import("../loss/auxiliary-loss.ts")
  const { choosePairs } = await import("../loss/choose-pairs.ts")

  const loss = (batch: Batch<Own>): BatchLoss => {
    const rows = batch.x.shape[0]
    const input = encoderInput(batch)
    const { pattern, z: f, candidates } = choosePairs(batch, input, "rows", true)
    const made = reconstruct(batch, pattern, f)
    const { aux_loss, more } = auxiliaryLoss(batch, input, () => residualOf(made, rows), "signed")
    const gradients = weightGradients(batch, input, {
      pattern,
      dz: made.dots,
      decoder: { pattern, value: f, x: made.gradient },
      columns: made.columns,
      more
    })
    return {
      loss: made.loss + batch.options.aux_coefficient * aux_loss,
      mse: made.mse,
      aux_loss,
      pattern,
      activations: f,
      candidates,
      gradients: { ...gradients, extras: {} }
    }
  }
  return { loss }
}

const abstopk: SaeArchitecture<typeof options> = {
  name: "abstopk",
  summary: "the k latents on every row that are largest in magnitude, with their signs",
  options,
  presets: { saelens: saelensChoice },
  problems: (asked, task) => [
    ...choiceProblems(asked),
    ...(task === "crosscoder"
      ? [{ param: "architecture", problem: "abstopk is not for a crosscoder, which weighs what it chooses by" }]
      : [])
  ],
  sparseBy: "k",
  endToEnd: [],
  latentType: "abstopk",
  latents: ({ b_enc }, asked) => ({ type: "abstopk", b_enc, k: asked.k, rescale: false }),
  load
}

export default abstopk
