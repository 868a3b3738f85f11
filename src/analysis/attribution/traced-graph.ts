/** A pruned attribution graph in circuit-tracer's format (`create_graph_files.py` of 0.5.0). */
import type { GraphNode, TracedGraph } from "../../kinds/attribution-graphs.ts"
import type { AttributionGraph } from "./attribution-graph.ts"
import type { PrunedGraph } from "./prune-graph.ts"

export interface GraphTexts {
  readonly slug: string
  /** Names the transcoders. */
  readonly scan: string
  readonly node_share: number
  readonly tokenText: (id: number) => string
  readonly prompt: string
}

/** Two numbers as one (Cantor). */
const paired = (x: number, y: number): number => ((x + y) * (x + y + 1)) / 2 + y

const blank = {
  token_prob: 0,
  is_target_logit: false,
  run_idx: 0,
  reverse_ctx_idx: 0,
  clerp: "",
  influence: null,
  activation: null
} as const

const nodeOf = (graph: AttributionGraph, node: number, influence: number, { tokenText }: GraphTexts): GraphNode => {
  const { latents, ids, layers } = graph
  const latent = latents[node]
  if (latent !== undefined) {
    const { layer, position, latent: feature, activation } = latent
    return {
      ...blank,
      node_id: `${layer}_${feature}_${position}`,
      feature: paired(layer, feature),
      layer: String(layer),
      ctx_idx: position,
      feature_type: "cross layer transcoder",
      jsNodeId: `${layer}_${feature}-0`,
      influence,
      activation
    }
  }
  const after = node - latents.length
  const [layer, position] = [Math.floor(after / ids.length), after % ids.length]
  if (layer < layers) {
    return {
      ...blank,
      node_id: `${layer}_error_${position}`,
      feature: -1,
      layer: String(layer),
      ctx_idx: position,
      feature_type: "mlp reconstruction error",
      jsNodeId: `${layer}_error_${position}-0`,
      influence
    }
  }
  if (layer === layers) {
    const id = ids[position] as number
    return {
      ...blank,
      node_id: `E_${id}_${position}`,
      feature: position,
      layer: "E",
      ctx_idx: position,
      feature_type: "embedding",
      jsNodeId: `E_${id}-${position}`,
      influence
    }
  }
  const n = after - (layers + 1) * ids.length
  const { token, probability } = graph.logits[n] as AttributionGraph["logits"][number]
  const last = ids.length - 1
  return {
    ...blank,
    node_id: `${layers + 1}_${token}_${last}`,
    feature: token,
    layer: String(layers + 1),
    ctx_idx: last,
    feature_type: "logit",
    token_prob: probability,
    is_target_logit: n === 0,
    jsNodeId: `L_${token}-${last}`,
    clerp: `Output "${tokenText(token)}" (p=${probability.toFixed(3)})`
  }
}

export const tracedGraph = (graph: AttributionGraph, pruned: PrunedGraph, texts: GraphTexts): TracedGraph => {
  const { size } = graph
  const nodes = new Map<number, GraphNode>()
  for (let node = 0; node < size; node++) {
    if (pruned.nodes[node] === true) nodes.set(node, nodeOf(graph, node, pruned.cumulative[node] as number, texts))
  }
  const connected = new Set<string>()
  const links = pruned.edges.flatMap((kept, at) => {
    const [target, source] = [nodes.get(Math.floor(at / size)), nodes.get(at % size)]
    if (!kept || target === undefined || source === undefined) return []
    connected.add(source.node_id).add(target.node_id)
    return [{ source: source.node_id, target: target.node_id, weight: graph.edges[at] as number }]
  })
  return {
    metadata: {
      slug: texts.slug,
      scan: texts.scan,
      transcoder_list: [],
      prompt_tokens: Array.from(graph.ids, texts.tokenText),
      prompt: texts.prompt,
      node_threshold: texts.node_share,
      schema_version: 1
    },
    qParams: { pinnedIds: [], supernodes: [], linkType: "both", clickedId: "", sg_pos: "" },
    nodes: [...nodes.values()].filter(
      ({ node_id, feature_type }) => connected.has(node_id) || feature_type === "embedding" || feature_type === "logit"
    ),
    links
  }
}
