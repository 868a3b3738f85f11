/** Attribution graphs of prompts through transcoders of all MLPs. */
import { AttributionGraphs } from "../src/kinds/attribution-graphs.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const share = (value: number, description: string) =>
  Param.number({ default: value, minimum: 0, maximum: 1, description })

const overPrompts = { interval: "prompts", optional: true, better: "higher", tolerance: 0.02 } as const

export default Stage.make("trace-prompts", {
  summary:
    "Attributes a prompt's next token to latents, errors and tokens through transcoders of all MLPs, prunes the graph, and writes it as circuit-tracer does",
  inputs: {
    model: Stage.one(LanguageModel, "the model"),
    transcoders: Stage.list(Sae, "one transcoder for each of its MLPs")
  },
  params: {
    prompts: Param.list(Param.string({ description: "text" }), {
      description: "texts; the token after each is attributed, and a BOS is put before where the model has one"
    }),
    logits: Param.integer({
      default: 10,
      minimum: 1,
      unit: "tokens",
      description: "most probable next tokens, at most"
    }),
    logit_share: share(0.95, "next tokens are taken until they have this probability together"),
    node_share: share(0.8, "share of the influence on the logits that the nodes kept have"),
    edge_share: share(0.98, "share of it that the edges kept between them have"),
    most_latents: Param.integer({
      default: 3000,
      minimum: 1,
      unit: "latents",
      description: "a prompt with more active latents is refused: memory grows with their square"
    }),
    ablations: Param.integer({
      default: 24,
      minimum: 8,
      unit: "latents",
      description: "latents of each prompt that are ablated in the model, those that the graph says matter most"
    })
  },
  decode: (params) =>
    Stage.decoded(
      params,
      params.prompts.length === 0 ? [{ param: "prompts", problem: "there are none", remedy: "give some text" }] : []
    ),
  output: AttributionGraphs,
  metrics: {
    replacement_score: {
      ...overPrompts,
      description: "of the influence of tokens and errors on the logits, the share of the tokens"
    },
    completeness_score: {
      ...overPrompts,
      description: "share of the inputs of nodes that are no errors, weighted by influence"
    },
    ablation_agreement: {
      ...overPrompts,
      tolerance: 0.05,
      description:
        "correlation of what the graph says that ablating a latent does to the first logit with what it does in the model, mean over prompts"
    },
    incompleteness: {
      better: "lower",
      tolerance: 1e-3,
      description: "largest share of a latent's or logit's value that edges and biases do not add up to"
    },
    active_latents: {
      better: "neither",
      tolerance: { relative: 0.05 },
      description: "active latents of a prompt, mean"
    }
  },
  headline: ["replacement_score", "completeness_score", "ablation_agreement"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/attribution/trace-stage.ts"),
    (module) => module.traceStage
  )
})
