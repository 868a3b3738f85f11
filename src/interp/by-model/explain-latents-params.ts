/** Parameters of the stage kind explain-latents, and the options that they come to. */
import type { EndpointOptions } from "../../chat/endpoint.ts"
import * as Param from "../../stage/param.ts"
import { type Decoded, decoded } from "../../stage/param-problem.ts"
import type { ExplainByModelOptions } from "./explain-by-model.ts"
import type { OutputOptions } from "./output-tokens.ts"
import { asksModel, scorers } from "./score-latent.ts"

/** What explanations are made from; a pair: from both. */
const evidence = ["examples", "logits", "steering", "examples_and_logits", "examples_and_steering"] as const

export const explainLatentsParams = {
  endpoint: Param.string({
    description: "server of the chat completions protocol, up to /v1; null: OPENAI_BASE_URL",
    default: null
  }),
  explainer: Param.string({ description: "name of the model at that server", default: null }),
  key_name: Param.string({
    description: "environment variable with the server's key; the key itself never stands in a file",
    default: "OPENAI_API_KEY"
  }),
  temperature: Param.number({ description: "temperature of the answers", default: 0, minimum: 0 }),
  seed: Param.integer({ description: "chooses latents, examples and shuffles; sent with each request", default: 0 }),
  timeout: Param.integer({ description: "longest wait for an answer", unit: "s", default: 300, minimum: 1 }),
  parallel: Param.integer({ description: "latents that are asked about at once", default: 4, minimum: 1, maximum: 64 }),
  max_requests: Param.integer({ description: "requests sent at most; null: any number", default: null, minimum: 1 }),
  max_tokens: Param.integer({
    description: "tokens read and written from which on nothing more is asked; null: any number",
    unit: "tokens",
    default: null,
    minimum: 1
  }),
  latents: Param.integer({ description: "live latents to explain, drawn by seed; 0: all", default: 50, minimum: 0 }),
  min_firings: Param.integer({
    description: "a latent that fires on fewer training rows is passed over",
    unit: "rows",
    default: 30,
    minimum: 1
  }),
  train_rows: Param.integer({ description: "training rows read at most", unit: "rows", default: 300_000, minimum: 1 }),
  held_out_rows: Param.integer({
    description: "held-out rows that the scored texts come from, at most",
    unit: "rows",
    default: 100_000,
    minimum: 1
  }),
  explain_from: Param.choice(evidence, {
    description:
      "what explanations are made from: texts on which the latent fires, tokens that its direction promotes (logits), tokens that the model says rather where the latent is raised (steering)",
    default: "examples"
  }),
  written_by: Param.choice(["model", "list"], {
    description: "who writes explanations: the language model, or nobody (the tokens themselves are listed)",
    default: "model"
  }),
  fire_threshold: Param.number({
    description: "share of a latent's maximum from which on a token is marked",
    default: 0.3,
    minimum: 0.01,
    maximum: 1
  }),
  top_examples: Param.integer({ description: "strongest texts that the explainer sees", default: 10, minimum: 1 }),
  bands: Param.integer({ description: "bands of activation that further texts come from", default: 4, minimum: 1 }),
  examples_per_band: Param.integer({ description: "texts that the explainer sees of each", default: 2, minimum: 0 }),
  random_examples: Param.integer({
    description: "texts drawn from anywhere that the explainer sees",
    default: 0,
    minimum: 0
  }),
  out_of_context: Param.integer({
    description: "texts that the explainer sees in which a token of the strongest texts leaves the latent silent",
    default: 0,
    minimum: 0
  }),
  output_tokens: Param.integer({
    description: "with logits and steering: promoted and suppressed tokens that the explainer sees, each",
    default: 10,
    minimum: 1
  }),
  steer_multiple: Param.number({
    description: "with steering: what is added of the latent's direction, in its largest activations",
    default: 2,
    minimum: 0.01
  }),
  left: Param.integer({ description: "tokens shown left of the activating token", default: 16, minimum: 0 }),
  right: Param.integer({ description: "tokens shown right of it", default: 15, minimum: 0 }),
  scorers: Param.list(Param.choice(scorers, { description: "a scorer" }), {
    description: "how explanations are scored",
    default: ["detection", "fuzzing"]
  }),
  probabilities: Param.boolean({
    description:
      "whether detection and fuzzing ask for log probabilities, of which the AUC is; false for a server that has none",
    default: true
  }),
  scored_texts: Param.integer({
    description: "held-out texts of each sort, firing and silent, that a latent is scored on",
    default: 20,
    minimum: 2
  }),
  simulated_texts: Param.integer({
    description: "of each sort, that are simulated token by token",
    default: 5,
    minimum: 1
  }),
  texts_per_request: Param.integer({ description: "texts judged in one request", default: 5, minimum: 1 })
}

export interface ExplainLatentsSettings {
  /** Of a server; the address undefined: the environment says it. */
  readonly endpoint: Omit<EndpointOptions, "endpoint"> & { readonly endpoint: string | undefined }
  readonly options: ExplainByModelOptions
  /** Whether a language model writes explanations, and whether one is asked at all. */
  readonly written: boolean
  readonly asked: boolean
  /** Whether texts are read or embedded. */
  readonly read: boolean
  readonly output: OutputOptions | undefined
  readonly from: (typeof evidence)[number]
}

export const decodeExplainLatents = (
  params: Param.ParamValues<typeof explainLatentsParams>,
  { explainer_model: local, judge_model: judge }: { readonly explainer_model: number; readonly judge_model: number }
): Decoded<ExplainLatentsSettings> => {
  const { explainer, explain_from: from, latents } = params
  const written = params.written_by === "model"
  const asked = written || params.scorers.some(asksModel)
  const read = params.scorers.some((scorer) => !asksModel(scorer))
  const by = from.endsWith("logits") ? "logits" : from.endsWith("steering") ? "steering" : undefined
  const ofServers = ["endpoint", "explainer", "max_requests", "max_tokens"] as const
  const problems = [
    ...(read && judge === 0 && local === 0
      ? [
          {
            param: "scorers",
            problem: "surprise and embedding are by a model that is run here, and none is given",
            remedy: "give judge_model: any that load-model loads, with a chat template or without"
          }
        ]
      : []),
    ...(!read && judge > 0
      ? [
          {
            param: "scorers",
            problem: "judge_model is of surprise and embedding, and neither is a scorer",
            remedy: "leave it out"
          }
        ]
      : []),
    ...(asked && explainer === null && local === 0
      ? [
          {
            param: "explainer",
            problem: "explainer is missing: the name of a model at the server",
            remedy: "or give a model that is run here as explainer_model"
          }
        ]
      : []),
    ...ofServers.flatMap((param) =>
      local === 0 || params[param] === null
        ? []
        : [
            {
              param,
              problem: `${param} is of a server, and explainer_model is run here`,
              remedy: "leave one of them out"
            }
          ]
    ),
    ...(local > 0 && params.temperature > 0
      ? [{ param: "temperature", problem: "explainer_model answers at temperature 0 alone", remedy: "leave it out" }]
      : []),
    ...(latents === 1 ? [{ param: "latents", problem: "latents is 1: the shuffled baseline needs two or more" }] : [])
  ]
  return decoded(
    {
      endpoint: {
        endpoint: params.endpoint ?? undefined,
        model: explainer ?? "",
        keyName: params.key_name,
        temperature: params.temperature,
        seed: params.seed,
        timeout: params.timeout,
        maxRequests: params.max_requests,
        maxTokens: params.max_tokens
      },
      options: {
        latents: latents === 0 ? null : latents,
        seed: params.seed,
        parallel: params.parallel,
        minFirings: params.min_firings,
        trainRows: params.train_rows,
        heldOutRows: params.held_out_rows,
        fireThreshold: params.fire_threshold,
        top: params.top_examples,
        bands: params.bands,
        perBand: params.examples_per_band,
        random: params.random_examples,
        outOfContext: params.out_of_context,
        fromExamples: from.startsWith("examples"),
        probabilities: params.probabilities,
        window: { left: params.left, right: params.right },
        scorers: params.scorers,
        scoredTexts: params.scored_texts,
        simulatedTexts: params.simulated_texts,
        perRequest: params.texts_per_request
      },
      written,
      asked,
      read,
      from,
      output: by && { by, count: params.output_tokens, multiple: params.steer_multiple }
    },
    problems
  )
}
