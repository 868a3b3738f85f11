/** TopK: the k largest pre-activations of each row, in training and in use. Gao et al. 2024, arXiv 2406.04093, 2.3. */
import * as Param from "../../stage/param.ts"
import type { SaeArchitecture } from "../architecture.ts"
import { bussmann } from "../settings/bussmann-preset.ts"
import { choiceOptions, choiceProblems, impliedByGhosts } from "../settings/choice-options.ts"
import { dictionaryLearningChoice } from "../settings/dictionary-learning-preset.ts"
import { saelensChoice } from "../settings/saelens-preset.ts"

const options = {
  ...choiceOptions,
  // Gao et al., section 5.2; sparsify.
  multi_topk: Param.boolean({ default: false, description: "add an eighth of the loss with the 4 k largest" })
}

const topk: SaeArchitecture<typeof options> = {
  name: "topk",
  summary: "k latents on every row",
  options,
  presets: {
    bussmann,
    dictionary_learning: dictionaryLearningChoice,
    saelens: saelensChoice,
    // openai/sparse_autoencoder `train.py`, Gao et al. 2024.
    openai: {
      batch_rows: 131_072,
      lr: 1e-4,
      warmup: 0,
      decay: 0,
      eps: 6.25e-10,
      normalize: "layer_norm",
      reconstruction: "fraction_of_variance",
      b_dec_init: "median",
      aux_coefficient: 1 / 32,
      k_aux: 256,
      dead_after: 10_000_000
    }
  },
  implied: impliedByGhosts,
  problems: (asked, task) => {
    const { multi_topk, decoder_norm } = asked
    const problems = [...choiceProblems(asked)]
    if (multi_topk && decoder_norm === "free") {
      problems.push({ param: "multi_topk", problem: "multi_topk takes decoder rows of norm one; decoder_norm is free" })
    }
    if (multi_topk && task === "crosscoder") {
      const problem = "multi_topk is not for a crosscoder, which weighs what it chooses by"
      problems.push({ param: "multi_topk", problem })
    }
    return problems
  },
  sparseBy: "k",
  endToEnd: [],
  latentType: "topk",
  latents: ({ b_enc }, { k }) => ({ type: "topk", b_enc, k, rescale: false, threshold: null }),
  load: async () => {
    const { chosenLoss } = await import("../loss/chosen-loss.ts")
    const { multiTopkLoss } = await import("../loss/multi-topk-loss.ts")
    return { loss: (batch) => (batch.options.multi_topk ? multiTopkLoss(batch) : chosenLoss(batch, "rows")) }
  }
}

export default topk
