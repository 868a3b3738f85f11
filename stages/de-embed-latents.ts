/** What latents of transcoders read, from the weights alone. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("de-embed-latents", {
  summary:
    "Pulls a transcoder's encoders back to embeddings and to earlier latents without any input, and asks whether that tells the tokens they fire on",
  inputs: {
    model: Stage.one(LanguageModel, "the model"),
    transcoders: Stage.list(Sae, "one transcoder for each of its MLPs"),
    activations: Stage.one(Activations, "what one of them reads: its latents are looked at, on held-out rows")
  },
  params: {
    latents: Param.integer({
      default: 200,
      minimum: 2,
      unit: "latents",
      description: "latents at most, those that fire most"
    }),
    rows: Param.integer({ default: 4000, minimum: 100, unit: "rows", description: "held-out rows at most" })
  },
  output: Figures,
  metrics: {
    area: {
      interval: "latents",
      optional: true,
      better: "higher",
      tolerance: 0.01,
      description:
        "ROC area of how strongly a latent reads a token's embedding for whether it fires on it, mean over latents"
    },
    area_control: {
      interval: "latents",
      optional: true,
      better: "neither",
      tolerance: 0.02,
      description: "the same of what another latent reads: the control"
    },
    latents: { better: "neither", tolerance: 2, description: "latents looked at" }
  },
  headline: ["area", "area_control"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/attribution/de-embed-stage.ts"),
    (module) => module.deEmbedStage
  )
})
