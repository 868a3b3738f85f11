/** Steering: latents clamped at multiples of their largest activation, what that brings about, and what it costs. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overLatents = "the latents that are clamped"
const effect = { interval: overLatents, better: "higher", tolerance: 0.3 } as const

export default Stage.make("steer-latents", {
  summary:
    "Clamps latents at multiples of their largest activation, and measures a target token's probability against the damage (KL, perplexity), beside random directions of the same length",
  inputs: {
    sae: Stage.one(Sae, "whose latents are clamped"),
    activations: Stage.one(Activations, "of the SAE's hook: which text is held out"),
    model: Stage.one(LanguageModel, "the model that the activations are of")
  },
  params: {
    latents: Param.list(Param.integer({ minimum: 0, description: "a latent" }), {
      default: null,
      description:
        "which latents; left out: a random sample of those that fire on `least` tokens, not densely, and have a target"
    }),
    count: Param.integer({ default: 16, minimum: 1, unit: "latents", description: "latents of the sample, at most" }),
    target: Param.string({
      default: null,
      description:
        "the token whose probability ought to rise, as it reads; left out: of each latent the token that follows its firings most beyond chance (G^2), found on other contexts"
    }),
    multiples: Param.list(
      Param.number({ minimum: 0, description: "a multiple of the largest activation; 0 ablates" }),
      {
        default: [1, 2, 5, 10],
        description: "what latents are clamped at, as multiples of their largest activation on the contexts that choose"
      }
    ),
    damage: Param.number({
      default: 0.5,
      minimum: 0.001,
      unit: "nats",
      description: "KL(model as it is || steered) a prediction at which effects are compared"
    }),
    contexts: Param.integer({
      default: 96,
      minimum: 1,
      unit: "contexts",
      description: "held-out contexts that choose latents, targets and largest activations, at most"
    }),
    measured: Param.integer({
      default: 8,
      minimum: 1,
      unit: "contexts",
      description: "further held-out contexts that effects are measured on, at most"
    }),
    least: Param.integer({
      default: 20,
      minimum: 1,
      unit: "tokens",
      description: "firings that a latent of the sample has, at least"
    }),
    dense_above: Param.number({
      default: 0.1,
      minimum: 0,
      maximum: 1,
      description: "share of the tokens from which on a latent is dense, and not in the sample"
    }),
    seed: Param.integer({ default: 0, description: "of the sample and of the random directions" })
  },
  decode: (params) => {
    const multiples = [...new Set(params.multiples)].toSorted((a, b) => a - b)
    const above = multiples.filter((multiple) => multiple > 0)
    const problem = (param: string, text: string, remedy: string) => ({ param, problem: text, remedy })
    return Stage.decoded({ multiples }, [
      ...(above.length === 0 ? [problem("multiples", "no multiple is above 0", "give one at least")] : []),
      ...(multiples.length < params.multiples.length
        ? [problem("multiples", "a multiple stands there twice", "give each once")]
        : []),
      ...(params.latents !== null && params.latents.length === 0
        ? [problem("latents", "no latent is named", "name some, or leave it out for a sample")]
        : [])
    ])
  },
  output: Figures,
  metrics: {
    target_rise: {
      ...effect,
      description:
        "logarithm of the target's mean probability by that of the model as it is, nats, where the KL reaches `damage`, or at the largest multiple before that"
    },
    random_target_rise: {
      ...effect,
      better: "neither",
      description: "the same of a random direction: the control, not above 0"
    },
    above_random: { ...effect, description: "the one less the other, latent by latent" },
    target_probability: { ...effect, better: "neither", description: "of the model as it is" },
    steered_probability: { ...effect, description: "at the same damage" },
    perplexity_ratio: {
      ...effect,
      better: "lower",
      description: "perplexity of the text at that damage by that of the model as it is, mean over the latents"
    },
    reached: {
      interval: overLatents,
      better: "neither",
      tolerance: 0.2,
      description: "share of the latents that do so much damage at all"
    }
  },
  headline: ["target_rise", "random_target_rise", "perplexity_ratio"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/steering/steer-stage.ts"),
    (module) => module.steerStage
  )
})
