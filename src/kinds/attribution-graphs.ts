/**
 * Attribution graphs of prompts, pruned. `graphs.json` holds what was measured; beside it each graph stands in circuit-tracer's
 * format, `SLUG.json`, with the `graph-metadata.json` that its page reads.
 *
 * Source of the format: circuit-tracer 0.5.0 `frontend/graph_models.py`. One thing differs: there, an error node of layer L has
 * the id of latent L of layer 0 at the same token, and the two become one node; here it is `L_error_POSITION`.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const GraphNode = Schema.Struct({
  node_id: Schema.String,
  /** Of a latent, Cantor's pairing of layer and latent; of a token its position, of a logit its token; -1 of an error. */
  feature: Schema.Int,
  /** `E` of tokens; of logits the number of layers and one. */
  layer: Schema.String,
  ctx_idx: Schema.Int,
  feature_type: Schema.Literals(["cross layer transcoder", "mlp reconstruction error", "embedding", "logit"]),
  token_prob: Schema.Finite,
  is_target_logit: Schema.Boolean,
  run_idx: Schema.Int,
  reverse_ctx_idx: Schema.Int,
  jsNodeId: Schema.String,
  clerp: Schema.String,
  /** Share of all influence that this node and those with more have together. */
  influence: Schema.NullOr(Schema.Finite),
  activation: Schema.NullOr(Schema.Finite)
})

const TracedGraph = Schema.Struct({
  metadata: Schema.Struct({
    slug: Schema.String,
    scan: Schema.String,
    transcoder_list: Schema.Array(Schema.String),
    prompt_tokens: Schema.Array(Schema.String),
    prompt: Schema.String,
    node_threshold: Schema.Finite,
    schema_version: Schema.Literal(1)
  }),
  qParams: Schema.Struct({
    pinnedIds: Schema.Array(Schema.String),
    supernodes: Schema.Array(Schema.Array(Schema.String)),
    linkType: Schema.String,
    clickedId: Schema.String,
    sg_pos: Schema.String
  }),
  nodes: Schema.Array(GraphNode),
  links: Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String, weight: Schema.Finite }))
})
export type GraphNode = typeof GraphNode.Type
export type TracedGraph = typeof TracedGraph.Type

const GraphFigures = Schema.Struct({
  slug: Schema.String,
  /** Active latents of the whole graph. */
  latents: Schema.Int,
  replacement: Schema.Finite,
  completeness: Schema.Finite,
  /** Largest share that edges and bias lack of a target's value. */
  incompleteness: Schema.Finite,
  /** Correlation of what the graph says that ablating latents does with what it does; null where too few are active. */
  ablation_agreement: Schema.NullOr(Schema.Finite)
})

const GraphsFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Digests. */
  model: Schema.String,
  transcoders: Schema.Array(Schema.String),
  node_share: Schema.Finite,
  edge_share: Schema.Finite,
  graphs: Schema.Array(GraphFigures)
})
export type GraphsFile = typeof GraphsFile.Type
export type GraphFigures = typeof GraphFigures.Type

export interface AttributionGraphsHandle extends Omit<GraphsFile, "graphs"> {
  readonly graphs: ReadonlyArray<GraphFigures & { readonly graph: TracedGraph }>
}

export const graphsFileName = "graphs.json"

export const AttributionGraphs = makeKind({
  name: "AttributionGraphs",
  version: 1,
  description: "what each latent and logit of a prompt has from tokens, earlier latents and errors",
  open: (artifact: Artifact) =>
    Effect.gen(function* () {
      const file = yield* readJsonFile(artifact, graphsFileName, GraphsFile)
      const graphs = yield* Effect.forEach(file.graphs, (figures) =>
        Effect.map(readJsonFile(artifact, `${figures.slug}.json`, TracedGraph), (graph) => ({ ...figures, graph }))
      )
      const handle: AttributionGraphsHandle = { ...file, graphs }
      return handle
    })
})
