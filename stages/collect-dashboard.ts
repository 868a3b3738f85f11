/** What every latent of some SAEs fires on, for pages and programs to look at; explains nothing. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Dashboard } from "../src/kinds/dashboard/dashboard.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("collect-dashboard", {
  summary: "Collects of every latent its examples, histogram, logit weights and neighbours, for all SAEs in one pass",
  inputs: {
    saes: Stage.some(Sae, "SAEs of one hook"),
    activations: Stage.one(Activations, "rows of that hook, in the order of the text: its training rows are read"),
    model: Stage.one(LanguageModel, "the model that the activations are of")
  },
  params: {
    rows: Param.integer({
      description: "training rows read at most; where latents fire is in memory, 16 bytes a firing",
      default: 1_000_000,
      minimum: 1,
      unit: "rows"
    }),
    top_examples: Param.integer({ description: "strongest examples kept per latent", default: 16, minimum: 1 }),
    bands: Param.integer({
      description: "bands of activation that further examples come from",
      default: 4,
      minimum: 1,
      maximum: 20
    }),
    examples_per_band: Param.integer({ description: "examples kept per band", default: 4, minimum: 0 }),
    random_examples: Param.integer({ description: "random firings kept per latent", default: 8, minimum: 0 }),
    left: Param.integer({ description: "tokens kept left of the activating token", default: 24, minimum: 0 }),
    right: Param.integer({ description: "tokens kept right of it", default: 10, minimum: 0 }),
    logit_tokens: Param.integer({
      description: "promoted and suppressed tokens kept per latent",
      default: 10,
      minimum: 1
    }),
    neighbours: Param.integer({
      description: "latents kept as nearest by decoder cosine, and as firing together",
      default: 8,
      minimum: 1,
      unit: "latents"
    }),
    seed: Param.integer({ description: "chooses examples", default: 0 })
  },
  decode: (params, { saes }) =>
    Stage.decoded(
      {
        rows: params.rows,
        top: params.top_examples,
        bands: params.bands,
        perBand: params.examples_per_band,
        random: params.random_examples,
        left: params.left,
        right: params.right,
        logitTokens: params.logit_tokens,
        neighbours: params.neighbours,
        seed: params.seed
      },
      saes === 0 ? [{ param: "saes", problem: "there is none to look at", remedy: "give one or more" }] : []
    ),
  output: Dashboard,
  metrics: {
    live_latents: { better: "higher", tolerance: { relative: 0.02 }, description: "latents that fire, of all SAEs" },
    examples: { better: "neither", tolerance: { relative: 0.05 }, description: "examples kept" },
    rows: { better: "neither", tolerance: 0, description: "rows read" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/interp/dashboard/collect-dashboard-stage.ts"),
    (module) => module.collectDashboard
  )
})
