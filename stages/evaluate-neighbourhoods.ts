/** What latents of one SAE become in others: their nearest decoder directions, and how many firings these share. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const over = { interval: "latents of the first SAE", better: "neither" } as const

export default Stage.make("evaluate-neighbourhoods", {
  summary:
    "Follows latents of one SAE into others, as wider ones: the latents whose directions are near, and how many of its firings they share",
  inputs: {
    saes: Stage.list(
      Sae,
      "the SAE whose latents are followed, then those that they are looked for in, narrow ones first"
    ),
    activations: Stage.one(Activations, "of their hook: held-out rows tell what latents fire on"),
    model: Stage.one(LanguageModel, "the model that they are of, whose tokenizer says how tokens read"),
    found: Stage.optional(
      Figures,
      "what find-latents found in the first SAE: these are listed; else those with most neighbours in the last"
    )
  },
  params: {
    cosine: Param.number({
      default: 0.5,
      minimum: 0,
      maximum: 1,
      description: "decoder cosine from which on a latent of another SAE is a neighbour"
    }),
    listed: Param.integer({ default: 5, minimum: 0, unit: "latents", description: "latents that are listed, at most" }),
    neighbours: Param.integer({
      default: 6,
      minimum: 1,
      unit: "latents",
      description: "neighbours of each that are listed in each SAE, the nearest"
    }),
    rows: Param.integer({
      default: 20_000,
      minimum: 100,
      unit: "rows",
      description: "held-out rows, at most: the first"
    }),
    seed: Param.integer({ default: 0, description: "of the random directions and the intervals" })
  },
  decode: (params, { saes }) =>
    Stage.decoded(
      params,
      saes < 2 ? [{ param: "saes", problem: "there is no other SAE to look in", remedy: "give two or more" }] : []
    ),
  output: Figures,
  metrics: {
    neighbours: {
      ...over,
      tolerance: 0.1,
      description: "neighbours that a latent of the first SAE has in the last, mean"
    },
    random_neighbours: {
      interval: "as many random directions",
      better: "neither",
      tolerance: 0.05,
      description: "the same of random directions: the control"
    },
    several: { ...over, tolerance: 0.05, description: "share of the first SAE's latents that have two and more" },
    shared: {
      ...over,
      optional: true,
      tolerance: 0.05,
      description: "share of a latent's firings on which one of its neighbours in the last SAE fires, mean"
    },
    shared_by_others: {
      ...over,
      optional: true,
      tolerance: 0.05,
      description: "the same with another latent's neighbours: the control"
    },
    latents: { better: "neither", tolerance: 20, description: "latents of the first SAE that fire on held-out rows" }
  },
  headline: ["neighbours", "random_neighbours", "shared", "shared_by_others"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/concepts/neighbourhoods-stage.ts"),
    (module) => module.neighbourhoodsStage
  )
})
