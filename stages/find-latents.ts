/** Latents for a text, for a contrast of two texts, or for a concept, with their neighbours. */
import * as Result from "effect/Result"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("find-latents", {
  summary:
    "Finds latents for a text, a contrast of two texts or a rule on tokens, with what each fires on and its nearest latents",
  inputs: {
    sae: Stage.one(Sae, "whose latents are searched"),
    activations: Stage.one(Activations, "of the SAE's hook: held-out rows are what a text is told from"),
    model: Stage.one(LanguageModel, "the model that they are of")
  },
  params: {
    text: Param.string({
      default: null,
      description: "a text; latents that fire on it more than on held-out rows are found"
    }),
    against: Param.string({ default: null, description: "another text, in place of the held-out rows: a contrast" }),
    rule: Param.string({
      default: null,
      description: "in place of a text: a regular expression (JavaScript, Unicode) that a token's text has to match"
    }),
    count: Param.integer({ default: 10, minimum: 1, unit: "latents", description: "latents that are listed" }),
    neighbours: Param.integer({
      default: 5,
      minimum: 0,
      unit: "latents",
      description: "nearest latents of each, by decoder cosine"
    }),
    rows: Param.integer({
      default: 20_000,
      minimum: 100,
      unit: "rows",
      description: "held-out rows, at most: the first"
    }),
    seed: Param.integer({ default: 0, description: "of the rows drawn, or the shuffled rule, that are the control" })
  },
  decode: ({ text, against, rule }) => {
    if ((text === null) === (rule === null)) {
      return Result.fail([{ param: "text", problem: "a search has one of text and rule", remedy: "give one of them" }])
    }
    if (against !== null && text === null) {
      return Result.fail([
        { param: "against", problem: "a contrast has two texts", remedy: "give text, or leave against out" }
      ])
    }
    return Result.mapError(
      Result.try(() => (rule === null ? null : new RegExp(rule, "u"))),
      (error) => [
        {
          param: "rule",
          problem: error instanceof Error ? error.message : String(error),
          remedy: "mend the expression"
        }
      ]
    )
  },
  output: Figures,
  metrics: {
    best_score: {
      interval:
        "held-out documents, of the latents that their halves chose; of two texts against each other there is none",
      optional: true,
      better: "higher",
      tolerance: 0.1,
      description:
        "of the best latent, chosen on half of the held-out documents and scored on the other half, each half by turns: mean activation on the text less that on what it is told from, as a share of the latent's largest; F1 for a rule; of two texts against each other, on both as they are"
    },
    control_score: {
      interval: "the draws",
      optional: true,
      better: "neither",
      tolerance: 0.1,
      description:
        "the same for as many held-out rows, drawn at random, in place of each text, the 95th of 100, chosen and scored alike; of a rule, with its answers shuffled"
    },
    latent: { better: "neither", tolerance: 1e9, description: "which latent is the best on all held-out rows" }
  },
  headline: ["latent", "best_score", "control_score"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/concepts/find-stage.ts"),
    (module) => module.findStage
  )
})
