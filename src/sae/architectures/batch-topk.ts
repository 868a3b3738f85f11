/**
 * BatchTopK: the k * rows largest pre-activations of the whole batch, so that rows may use more or fewer than k. In use
 * a row stands alone: latents above one threshold fire, the mean over batches of the smallest activation that was
 * chosen. Bussmann, Leask and Nanda 2024, arXiv 2412.06410, section 3.
 */
import type { SaeArchitecture } from "../architecture.ts"
import { bussmann } from "../settings/bussmann-preset.ts"
import { choiceOptions, choiceProblems, impliedByGhosts } from "../settings/choice-options.ts"
import { dictionaryLearningChoice } from "../settings/dictionary-learning-preset.ts"
import { saelensChoice } from "../settings/saelens-preset.ts"

const batchTopk: SaeArchitecture<typeof choiceOptions> = {
  name: "batch_topk",
  summary: "k latents on average, and a threshold in use",
  options: choiceOptions,
  presets: { bussmann, dictionary_learning: dictionaryLearningChoice, saelens: saelensChoice },
  implied: impliedByGhosts,
  problems: (options) => choiceProblems(options),
  sparseBy: "k",
  endToEnd: [],
  latentType: "batch_topk",
  latents: ({ b_enc, threshold }, { k }) => ({ type: "batch_topk", b_enc, k, threshold, groups: null }),
  threshold: true,
  load: async () => {
    const { chosenLoss } = await import("../loss/chosen-loss.ts")
    return { loss: (batch) => chosenLoss(batch, "batch") }
  }
}

export default batchTopk
