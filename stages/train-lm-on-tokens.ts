/** A small GPT-2 trained from nothing on tokens that are there: the moves of games, a text that load-text has packed. */
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Tokenizer } from "../src/kinds/tokenizer.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import { lmParams } from "../src/model/train/lm-params.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const { n_layer, n_embd, n_head, batch, lr, warmup, lr_floor, weight_decay, clip, dtype, seed } = lmParams

export default Stage.make("train-lm-on-tokens", {
  summary: "Trains a small GPT-2 on tokens, one context a row, and writes it in the Hugging Face layout",
  inputs: {
    tokens: Stage.one(Tokens, "contexts that begin with a BOS; the last of them only test"),
    tokenizer: Stage.optional(
      Tokenizer,
      "what made the ids; left out where they are symbols with a vocabulary of their own"
    )
  },
  params: {
    n_layer,
    n_embd,
    n_head,
    steps: Param.integer({ default: 2000, minimum: 1, unit: "steps", description: "training steps" }),
    batch,
    lr,
    warmup,
    lr_floor,
    weight_decay,
    clip,
    held_out_fraction: Param.number({
      default: 0.02,
      minimum: 0.001,
      maximum: 0.5,
      description: "share of the contexts, the last ones, that the loss is measured on"
    }),
    dtype,
    seed
  },
  decode: (params) =>
    Stage.decoded(
      params,
      params.n_embd % params.n_head === 0
        ? []
        : [{ param: "n_head", problem: `n_head ${params.n_head} does not divide n_embd ${params.n_embd} evenly` }]
    ),
  output: LanguageModel,
  metrics: {
    parameters: { better: "neither", tolerance: 0, description: "numbers in the checkpoint" },
    train_loss: { better: "lower", tolerance: 0.02, description: "nats a token, smoothed over the last steps" },
    held_out_loss: { better: "lower", tolerance: 0.02, description: "nats a token, of the stored weights" },
    bigram_loss: { better: "neither", tolerance: 0.001, description: "of a Kneser-Ney bigram on the same tokens" },
    held_out_tokens: { better: "neither", tolerance: 0, description: "tokens of the two losses" }
  },
  headline: ["held_out_loss", "bigram_loss", "parameters"],
  engine: true,
  isolation: "process",
  resources: () => ({ gpu: 1 }),
  run: Stage.late(
    () => import("../src/model/train/lm-on-tokens-stage.ts"),
    (module) => module.lmOnTokensStage
  )
})
