/** Stage kinds for the tests of spec and plan: their declarations are real, nothing runs. */
import * as Effect from "effect/Effect"
import { makeKind } from "../../src/artifact/artifact-kind.ts"
import * as Param from "../../src/stage/param.ts"
import * as Stage from "../../src/stage/stage.ts"
import type { StageKind } from "../../src/stage/stage.ts"

const artifactKind = <const Name extends string>(name: Name) =>
  makeKind({ name, version: 1, description: `for tests: ${name}`, open: (artifact) => Effect.succeed(artifact) })

const LanguageModel = artifactKind("LanguageModel")
const Tokens = artifactKind("Tokens")
const Activations = artifactKind("Activations")
const Sae = artifactKind("Sae")
const Evaluation = artifactKind("Evaluation")
const Report = artifactKind("Report")

const common = { metrics: {}, engine: false, isolation: "inline", run: () => Effect.succeed({}) } as const

export const loadModel = Stage.make("load-model", {
  ...common,
  summary: "Reads a language model",
  params: {},
  sources: { source: { of: "model", description: "where the model comes from" } },
  inputs: {},
  output: LanguageModel
})

export const loadText = Stage.make("load-text", {
  ...common,
  summary: "Reads and tokenizes text",
  params: { tokens: Param.integer({ description: "how many", unit: "tokens", minimum: 1 }) },
  sources: { source: { of: "text", description: "where the text comes from" } },
  inputs: { model: Stage.one(LanguageModel, "whose tokenizer") },
  output: Tokens
})

export const capture = Stage.make("capture-activations", {
  ...common,
  summary: "Runs the model and keeps a hook's activations",
  params: { hook: Param.string({ description: "a hook point" }) },
  inputs: { model: Stage.one(LanguageModel, "the model"), tokens: Stage.one(Tokens, "the text") },
  output: Activations,
  resources: () => ({ gpu: 1, vram: 1000 })
})

export const trainSae = Stage.make("train-sae", {
  ...common,
  summary: "Trains an SAE",
  params: {
    architecture: Param.choice(["topk", "batch_topk"], { default: "topk", description: "how latents are chosen" }),
    d_sae: Param.integer({ description: "latents", minimum: 1 }),
    k: Param.integer({ default: 32, description: "active latents a token", minimum: 1 }),
    lr: Param.number({ default: 0.0003, description: "learning rate of Adam" }),
    layers: Param.list(Param.integer({ description: "a layer" }), { default: [], description: "layers" }),
    threshold: Param.number({ default: null, description: "fixed threshold" }),
    seed: Param.integer({ default: 0, description: "of all random choices" })
  },
  inputs: { activations: Stage.one(Activations, "what to train on") },
  output: Sae,
  decode: (params) => {
    const { k, d_sae, layers } = params
    return Stage.decoded(params, [
      ...(k > d_sae ? [{ param: "k", problem: `k ${k} is above d_sae ${d_sae}` }] : []),
      ...layers.flatMap((layer, i) =>
        layers.indexOf(layer) === i
          ? []
          : [{ param: `layers[${i}]`, problem: `layer ${layer} is there already`, remedy: "leave it out" }]
      )
    ])
  },
  resources: ({ params: { d_sae } }) => ({ gpu: 1, vram: d_sae * 1000 })
})

export const evaluateSae = Stage.make("evaluate-sae", {
  ...common,
  summary: "Measures an SAE",
  params: {},
  inputs: {
    sae: Stage.one(Sae, "the SAE"),
    activations: Stage.one(Activations, "held-out activations"),
    model: Stage.optional(LanguageModel, "for the loss recovered")
  },
  output: Evaluation
})

export const trainMetaSae = Stage.make("train-meta-sae", {
  ...common,
  summary: "Trains an SAE on decoder directions",
  params: { k: Param.integer({ default: 4, description: "active meta-latents" }) },
  inputs: { sae: Stage.one(Sae, "whose decoder") },
  output: Sae
})

export const stitchSaes = Stage.make("stitch-saes", {
  ...common,
  summary: "Stitches two SAEs",
  params: {},
  inputs: {
    small: Stage.one(Sae, "the small SAE"),
    large: Stage.one(Sae, "the large SAE"),
    activations: Stage.one(Activations, "held-out activations")
  },
  output: Evaluation
})

export const report = Stage.make("report", {
  ...common,
  summary: "One page",
  params: {},
  inputs: {
    saes: Stage.list(Sae, "the SAEs"),
    evaluations: Stage.list(Evaluation, "their measures"),
    stitching: Stage.optional(Evaluation, "the stitching")
  },
  output: Report
})

export const command = Stage.make("command", {
  ...common,
  summary: "Runs a program",
  params: {
    run: Param.string({ description: "what /bin/sh runs" }),
    values: Param.record({ default: {}, description: "$VALUE_<name>" }),
    files: Param.list(Param.string({ description: "a path" }), { default: [], description: "project files" }),
    output: Param.string({ default: "Files", description: "the artifact kind that comes out" })
  },
  inputs: { inputs: Stage.record("$INPUT_<name>") },
  output: { fromParam: "output" },
  facts: () => Effect.succeed({})
})

const kinds: ReadonlyArray<StageKind> = [
  loadModel,
  loadText,
  capture,
  trainSae,
  evaluateSae,
  trainMetaSae,
  stitchSaes,
  report,
  command
]

export const catalog: Readonly<Record<string, StageKind>> = Object.fromEntries(kinds.map((kind) => [kind.name, kind]))
