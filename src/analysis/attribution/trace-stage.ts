/** The stage trace-prompts: attribution graphs of prompts, pruned, and what they are worth. */
import * as Effect from "effect/Effect"
import { type GraphFigures, graphsFileName, type GraphsFile } from "../../kinds/attribution-graphs.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openModel } from "../../model/open-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { type StageFailed, stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { meanEstimate } from "../mean-estimate.ts"
import { ablationAgreement } from "./ablation-agreement.ts"
import { type AttributionGraph, attributionGraph, incompleteness } from "./attribution-graph.ts"
import { graphScores, pruneGraph } from "./prune-graph.ts"
import { tracedGraph } from "./traced-graph.ts"
import { openTranscoders } from "./transcoder-set.ts"

export interface TraceParams {
  readonly prompts: ReadonlyArray<string>
  readonly logits: number
  readonly logit_share: number
  readonly node_share: number
  readonly edge_share: number
  readonly most_latents: number
  readonly ablations: number
}

interface TraceInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly transcoders: ReadonlyArray<Opened<SaeHandle>>
}

/** Edges and biases of f32 passes add up to this, as a share of what they are to add up to. */
const tolerance = 1e-3

export const traceStage = Effect.fn("traceStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<TraceParams, unknown, TraceInputs>) {
  const handle = inputs.model.value
  const model = yield* openModel(handle)
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const transcoders = yield* openTranscoders(
    inputs.transcoders.map(({ value }) => value),
    model.info
  )
  const { bos, n_ctx, d_vocab } = model.info
  const digests = inputs.transcoders.map(({ value }) => value.digest)
  const scan = `transcoders-${digests.map((digest) => digest.slice(0, 8)).join("-")}`
  const figures: Array<GraphFigures> = []
  const metadata: Array<object> = []
  const total = params.prompts.length
  for (const [n, prompt] of params.prompts.entries()) {
    const refuse = (problem: string, remedy: string) => stageFailed(`prompt ${n + 1}, "${prompt}": ${problem}`, remedy)
    const own = tokenizer.encode(prompt)
    const ids = Int32Array.from(bos === null ? own : [bos, ...own])
    const first = bos === null ? 0 : 1
    if (own.length === 0) return yield* refuse("it has no token", "Give some text.")
    if (ids.length > n_ctx) {
      return yield* refuse(`${ids.length} tokens are more than the model's ${n_ctx}`, "Give a shorter one.")
    }
    const strange = ids.find((id) => id >= d_vocab)
    if (strange !== undefined) {
      return yield* refuse(`token ${strange} is beyond the model's vocabulary of ${d_vocab}`, "Give other text.")
    }
    const graph = yield* Effect.try({
      try: (): AttributionGraph =>
        attributionGraph(model, transcoders, ids, params.most_latents, {
          masked: (position) => position < first,
          logits: params.logits,
          logit_share: params.logit_share
        }),
      catch: (error): StageFailed => {
        if (!(error instanceof RangeError)) throw error
        return refuse(error.message, `Give a shorter one, or raise most_latents (${params.most_latents}).`)
      }
    })
    const missing = incompleteness(graph)
    if (!(missing <= tolerance)) {
      return yield* refuse(
        `what latents and logits read is no sum over sources (it lacks ${missing.toPrecision(2)} of it): the model has a part that is not linear where attention patterns and normalisations are held fixed`,
        "Give a model without gates, delta rules or norms within its attention."
      )
    }
    const { replacement, completeness } = graphScores(graph)
    const slug = `prompt-${n + 1}`
    const traced = tracedGraph(graph, pruneGraph(graph, params), {
      slug,
      scan,
      node_share: params.node_share,
      tokenText: tokenizer.tokenText,
      prompt: tokenizer.decode(ids)
    })
    yield* output.writeJson(`${slug}.json`, traced)
    metadata.push(traced.metadata)
    const agreement = ablationAgreement(model, transcoders, graph, params.ablations)
    figures.push({
      slug,
      latents: graph.latents.length,
      replacement,
      completeness,
      incompleteness: missing,
      ablation_agreement: agreement ?? null
    })
    log(
      `"${prompt}": ${traced.nodes.length} nodes and ${traced.links.length} edges of ${graph.latents.length} active latents`
    )
    progress({ done: n + 1, total, unit: "prompts" })
    yield* breathe
  }
  const file: GraphsFile = {
    format: 1,
    model: handle.digest,
    transcoders: digests,
    node_share: params.node_share,
    edge_share: params.edge_share,
    graphs: figures
  }
  yield* output.writeJson(graphsFileName, file)
  yield* output.writeJson("graph-metadata.json", { graphs: metadata })
  return {
    replacement_score: meanEstimate(
      figures.map(({ replacement }) => replacement),
      "no prompt"
    ),
    completeness_score: meanEstimate(
      figures.map(({ completeness }) => completeness),
      "no prompt"
    ),
    ablation_agreement: meanEstimate(
      figures.flatMap(({ ablation_agreement }) => ablation_agreement ?? []),
      "too few latents are active"
    ),
    incompleteness: Math.max(...figures.map((each) => each.incompleteness)),
    active_latents: figures.reduce((sum, { latents }) => sum + latents, 0) / figures.length
  }
}, Effect.scoped)
