import { readFileSync } from "node:fs"
import * as path from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { attributionGraph, incompleteness } from "../../../src/analysis/attribution/attribution-graph.ts"
import { ablationAgreement, totalEffects } from "../../../src/analysis/attribution/ablation-agreement.ts"
import { deEmbedding, residualEncoders, virtualWeights } from "../../../src/analysis/attribution/de-embed.ts"
import { graphScores, pruneGraph } from "../../../src/analysis/attribution/prune-graph.ts"
import { tracedGraph } from "../../../src/analysis/attribution/traced-graph.ts"
import { openTranscoders } from "../../../src/analysis/attribution/transcoder-set.ts"
import type { GraphNode, TracedGraph } from "../../../src/kinds/attribution-graphs.ts"
import { diskFolder } from "../../../src/kinds/sae/files/disk-folder.ts"
import circuitTracer from "../../../src/kinds/sae/formats/circuit-tracer.ts"
import { computableSae } from "../../../src/kinds/sae/stored/computable-sae.ts"
import type { StoredSae } from "../../../src/kinds/sae/stored/stored-sae.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import type { ModelInfo } from "../../../src/model/decoder/model-info.ts"
import { loadModel } from "../../../src/model/load-model.ts"
import * as Rng from "../../../src/random/rng.ts"
import { loadTestEngine } from "../../engine.ts"
import { openCheckpoint, ownGolden } from "../../model/own-golden.ts"

beforeAll(loadTestEngine)

const golden = path.join(import.meta.dirname, "../../golden/circuit-tracer")

interface Expected {
  readonly ids: ReadonlyArray<number>
  readonly latents: ReadonlyArray<ReadonlyArray<number>>
  readonly activations: ReadonlyArray<number>
  readonly logits: ReadonlyArray<number>
  readonly probabilities: ReadonlyArray<number>
  readonly adjacency: ReadonlyArray<ReadonlyArray<number>>
  readonly node_mask: ReadonlyArray<number>
  readonly edges: ReadonlyArray<readonly [number, number]>
  readonly cumulative: ReadonlyArray<number>
  readonly replacement_score: number
  readonly completeness_score: number
  readonly written: { readonly nodes: ReadonlyArray<GraphNode>; readonly links: TracedGraph["links"] }
}
const expected = JSON.parse(readFileSync(path.join(golden, "graph.json"), "utf8")) as Expected

/** Transcoders as a stage gets them. */
const handleOf = (stored: StoredSae) => ({
  hook: String(stored.metadata["hook_name"]),
  d_in: stored.d_in,
  d_out: stored.transcoder ? stored.d_out : null,
  stored: Effect.succeed(stored),
  anyWeights: Effect.succeed(computableSae(stored) as SaeWeights)
})

const goldenHandles = Effect.forEach([0, 1], (layer) =>
  Effect.map(circuitTracer.read(diskFolder(path.join(golden, `layer_${layer}.safetensors`))), handleOf)
)

const options = { masked: (position: number) => position === 0, logits: 4, logit_share: 0.8 }

const graphOf = Effect.gen(function* () {
  const model = yield* loadModel(yield* openCheckpoint(golden))
  const transcoders = yield* openTranscoders(yield* goldenHandles, model.info)
  return {
    model,
    transcoders,
    graph: attributionGraph(model, transcoders, Int32Array.from(expected.ids), 100, options)
  }
})

/** Random transcoders of every MLP of a model, every other one with a skip connection. */
const randomTranscoders = (info: ModelInfo) => {
  const rng = Rng.make(0, "random transcoders")
  const numbers = (n: number) => Float32Array.from({ length: n }, () => 0.3 * rng.normal())
  const [d, d_sae] = [info.d_model, 20]
  return Array.from({ length: info.n_layers }, (_, layer) =>
    handleOf({
      d_in: d,
      d_out: d,
      d_sae,
      transcoder: true,
      W_enc: numbers(d * d_sae),
      W_dec: numbers(d_sae * d),
      b_dec: numbers(d),
      latents: { type: "relu", b_enc: numbers(d_sae) },
      apply_b_dec_to_input: layer % 2 === 1,
      normalize: "none",
      W_skip: layer % 2 === 0 ? numbers(d * d) : undefined,
      dtype: "float32",
      metadata: { hook_name: `blocks.${layer}.mlp.hook_in`, hook_name_out: `blocks.${layer}.hook_mlp_out` },
      origin: { format: "saelens", config: undefined }
    })
  )
}

describe("the attribution graph of a prompt", () => {
  it.effect(
    "is circuit-tracer's, of the same model and skip transcoders: nodes, edges, what is pruned, scores, file",
    () =>
      Effect.gen(function* () {
        const { graph } = yield* graphOf
        const { size } = graph
        expect(graph.latents.map(({ layer, position, latent }) => [layer, position, latent])).toEqual(expected.latents)
        expect(graph.logits.map(({ token }) => token)).toEqual(expected.logits)
        for (const [n, { activation }] of graph.latents.entries())
          expect(activation).toBeCloseTo(expected.activations[n]!, 5)
        for (const [n, { probability }] of graph.logits.entries())
          expect(probability).toBeCloseTo(expected.probabilities[n]!, 5)
        expect(size).toBe(expected.adjacency.length)
        for (let target = 0; target < size; target++) {
          for (let source = 0; source < size; source++) {
            const edge = graph.edges[target * size + source]!
            expect(Math.abs(edge - expected.adjacency[target]![source]!), `${source} to ${target}`).toBeLessThan(2e-5)
          }
        }
        const pruned = pruneGraph(graph, { node_share: 0.8, edge_share: 0.98 })
        expect(pruned.nodes.map(Number)).toEqual(expected.node_mask)
        expect(pruned.edges.flatMap((kept, at) => (kept ? [[Math.floor(at / size), at % size]] : []))).toEqual(
          expected.edges
        )
        for (let node = 0; node < size; node++)
          expect(pruned.cumulative[node]).toBeCloseTo(expected.cumulative[node]!, 4)
        const scores = graphScores(graph)
        expect(scores.replacement).toBeCloseTo(expected.replacement_score, 5)
        expect(scores.completeness).toBeCloseTo(expected.completeness_score, 5)
        const written = tracedGraph(graph, pruned, {
          slug: "tiny",
          scan: "tiny",
          node_share: 0.8,
          tokenText: (id) => `w${id}`,
          prompt: expected.ids.map((id) => `w${id}`).join(" ")
        })
        // An error node has an id of its own here; there, it has that of a latent of layer 0.
        const theirId = (id: string) => id.replace(/^(\d+)_error_/, "0_$1_")
        const near = (value: number | null) => (value === null ? null : expect.closeTo(value, 4))
        expect(
          written.nodes.map((node) => ({
            ...node,
            node_id: theirId(node.node_id),
            jsNodeId: node.jsNodeId.replace("_error_", "_")
          }))
        ).toEqual(
          expected.written.nodes.map((node) => ({
            ...node,
            influence: near(node.influence),
            activation: near(node.activation),
            token_prob: near(node.token_prob)
          }))
        )
        expect(
          written.links.map(({ source, target, weight }) => ({
            source: theirId(source),
            target: theirId(target),
            weight
          }))
        ).toEqual(expected.written.links.map((link) => ({ ...link, weight: near(link.weight) })))
      })
  )

  for (const family of ["neox_serial", "gemma2", "granite", "gpt_oss"]) {
    it.effect(`${family}: edges and biases of every latent and logit add up to what it reads`, () =>
      Effect.gen(function* () {
        const model = yield* ownGolden(family)
        const transcoders = yield* openTranscoders(randomTranscoders(model.info), model.info)
        const ids = Int32Array.from({ length: 7 }, (_, i) => (i * 17 + 5) % model.info.d_vocab)
        // Edges come from a pass back, biases from a pass forwards, values from the model as it is.
        const graph = attributionGraph(model, transcoders, ids, 1000, options)
        expect(incompleteness(graph)).toBeLessThan(1e-4)
        expect(graph.values.some((value) => Math.abs(value) > 0.5)).toBe(true)
      })
    )
  }

  it.effect("of a model with gated attention does not add up, which a stage refuses", () =>
    Effect.gen(function* () {
      const model = yield* ownGolden("qwen3_5_text")
      const transcoders = yield* openTranscoders(randomTranscoders(model.info), model.info)
      const graph = attributionGraph(model, transcoders, Int32Array.from([1, 2, 3, 4, 5]), 1000, options)
      expect(incompleteness(graph)).toBeGreaterThan(1e-2)
    })
  )

  it.effect("says what ablating a latent does: exactly where nothing comes after it, and in sign where much does", () =>
    Effect.gen(function* () {
      const { model, transcoders, graph } = yield* graphOf
      const effects = totalEffects(graph)
      const logit = graph.size - graph.logits.length
      for (const [n, { layer }] of graph.latents.entries()) {
        if (layer === 1) expect(effects[n]).toBe(graph.edges[logit * graph.size + n])
      }
      expect(ablationAgreement(model, transcoders, graph, 24)).toBeGreaterThan(0.5)
    })
  )
})

describe("what latents read without any input", () => {
  it.effect("is the product of matrices: LN weight, encoder, embedding or an earlier decoder", () =>
    Effect.gen(function* () {
      const checkpoint = yield* openCheckpoint(golden)
      const model = yield* loadModel(checkpoint)
      const tensors = yield* checkpoint.weights
      const [wte, scale] = [
        yield* tensors.float32("transformer.wte.weight"),
        yield* tensors.float32("transformer.h.1.ln_2.weight")
      ]
      const transcoders = yield* openTranscoders(yield* goldenHandles, model.info)
      const [first, second] = transcoders as [(typeof transcoders)[number], (typeof transcoders)[number]]
      const encoders = residualEncoders(model, second, 1)
      const chosen = [3, 7]
      const [embedded, virtual] = [deEmbedding(model, encoders, chosen), virtualWeights(encoders, chosen, first)]
      const { W_enc, d_in: d, d_sae } = second.weights
      for (const [n, latent] of chosen.entries()) {
        const row = Array.from({ length: d }, (_, i) => W_enc[i * d_sae + latent]! * scale[i]!)
        const mean = row.reduce((sum, value) => sum + value, 0) / d
        const along = (other: Float32Array, at: number) =>
          row.reduce((sum, value, i) => sum + (value - mean) * other[at * d + i]!, 0)
        for (const token of [0, 5, 22]) {
          expect(embedded[n * model.info.d_vocab + token]).toBeCloseTo(along(wte, token), 5)
        }
        for (const other of [0, 9]) {
          expect(virtual[n * d_sae + other]).toBeCloseTo(along(first.weights.W_dec, other), 5)
        }
      }
    })
  )
})

describe("a set of transcoders", () => {
  it.effect("is refused by name where a layer lacks one, has two, or one takes no MLP's place", () =>
    Effect.gen(function* () {
      const { info } = yield* loadModel(yield* openCheckpoint(golden))
      const [first, second] = (yield* goldenHandles) as [ReturnType<typeof handleOf>, ReturnType<typeof handleOf>]
      const stored = yield* first.stored
      const other = (more: Partial<StoredSae>) => handleOf({ ...stored, ...more })
      const hooks = (reads: string, gives: string) => ({ metadata: { hook_name: reads, hook_name_out: gives } })
      for (const [handles, problem] of [
        [[first], "layer 1 has no transcoder"],
        [[first, second, first], "layer 0 has two transcoders"],
        [[other({ transcoder: false }), second], "takes no MLP's place"],
        [[other(hooks("blocks.0.mlp.hook_in", "blocks.0.hook_attn_out")), second], "takes no MLP's place"],
        [[other(hooks("blocks.1.mlp.hook_in", "blocks.0.hook_mlp_out")), second], "which its MLP does not"],
        [[first, other(hooks("blocks.4.mlp.hook_in", "blocks.4.hook_mlp_out"))], "the model has blocks 0 to 1"],
        [[other({ normalize: "layer_norm" }), second], "normalises its rows"]
      ] as const) {
        const refused = yield* Effect.flip(openTranscoders(handles, info))
        expect(refused.message).toContain(problem)
      }
    })
  )
})
