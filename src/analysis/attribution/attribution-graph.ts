/**
 * The attribution graph of a prompt: what each active latent and each logit has from token embeddings, earlier latents and the
 * errors of transcoders, in the local replacement model. Nodes, edges and targets are those of circuit-tracer 0.5 (Ameisen et al.
 * 2025): an edge is the source's activation times its direct effect; a latent's edges and its bias add up to its
 * pre-activation, a logit's to the logit less the mean of all.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { RunnableModel } from "../../model/run-model.ts"
import { meanRow, rowsOf } from "../../model/blocks/matrix-rows.ts"
import { unembed } from "../../model/unembed.ts"
import { encodeLatents } from "../latent-codes.ts"
import { finalHook, type FrozenPass, freezePass, mlpOut } from "./frozen-pass.ts"
import { type LinearTarget, linearGradients } from "./linear-gradients.ts"
import type { MlpTranscoder } from "./transcoder-set.ts"

export interface LatentNode {
  readonly layer: number
  readonly position: number
  readonly latent: number
  readonly activation: number
}

export interface LogitNode {
  readonly token: number
  readonly probability: number
}

export interface AttributionGraph {
  readonly ids: Int32Array
  readonly layers: number
  readonly latents: ReadonlyArray<LatentNode>
  readonly logits: ReadonlyArray<LogitNode>
  /** Nodes: latents, errors by layer and position, tokens, logits. */
  readonly size: number
  /** [size, size]: row the target, column the source. */
  readonly edges: Float64Array
  /** By target: what no node gives (biases, positions, masked tokens); 0 of sources. */
  readonly bias: Float64Array
  /** By target: the pre-activation, or the logit less the mean of all. */
  readonly values: Float64Array
}

export interface AttributionOptions {
  /** Positions that have no latents and no errors: what their MLPs give counts as bias. */
  readonly masked: (position: number) => boolean
  /** Logits: the most probable ones until they have this share of the probability together, at most `logits`. */
  readonly logits: number
  readonly logit_share: number
  readonly onTargets?: (done: number, total: number) => void
}

/** Tokens of one pass back. */
const tokensPerPass = 2048

const errorNode = (graph: Pick<AttributionGraph, "latents" | "ids">, layer: number, position: number): number =>
  graph.latents.length + layer * graph.ids.length + position
const tokenNode = (graph: Pick<AttributionGraph, "latents" | "ids" | "layers">, position: number): number =>
  graph.latents.length + graph.layers * graph.ids.length + position
const logitNode = (graph: Pick<AttributionGraph, "latents" | "ids" | "layers">, n: number): number =>
  tokenNode(graph, graph.ids.length) + n

const row = (matrix: Float32Array, n: number, width: number): Float32Array =>
  matrix.subarray(n * width, (n + 1) * width)

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

/** The encoder's row of one latent, [d_in]. */
const encoderOf = ({ W_enc, d_in, d_sae }: MlpTranscoder["weights"], latent: number): Float32Array =>
  Float32Array.from({ length: d_in }, (_, i) => W_enc[i * d_sae + latent] as number)

/** What is active at one layer, and what the transcoder does not explain there. */
const layerNodes = (
  pass: FrozenPass,
  { reads, weights, model }: MlpTranscoder,
  layer: number,
  masked: AttributionOptions["masked"]
) => {
  const [x, y] = [pass.values(reads), pass.values(mlpOut(layer))]
  const { d_in, d_sae, b_dec } = weights
  const d_out = b_dec.length
  const codes = encodeLatents(x, model)
  const { z, skipped } = tf.tidy(() => {
    const rows = tf.tensor2d(x, [pass.time, d_in])
    const none = tf.zeros([pass.time, d_sae]) as tf.Tensor2D
    const decoded = model.decode(none, rows)
    return {
      z: model.preActivations(rows).dataSync<"float32">().slice(),
      skipped: tf.sub(decoded, tf.tensor1d(b_dec)).dataSync<"float32">().slice()
    }
  })
  const latents: Array<LatentNode & { readonly pre: number }> = []
  const errors = y.map((value, i) => value - (skipped[i] as number))
  /** What the MLP gives beside latents and errors: masked positions whole, and the decoder's bias. */
  const bias = new Float32Array(y.length)
  for (let position = 0; position < pass.time; position++) {
    const [own, fixed] = [row(errors, position, d_out), row(bias, position, d_out)]
    if (masked(position)) {
      fixed.set(own)
      own.fill(0)
      continue
    }
    fixed.set(b_dec)
    for (let i = 0; i < d_out; i++) own[i]! -= b_dec[i] as number
    for (let at = codes.offsets[position]!; at < codes.offsets[position + 1]!; at++) {
      const [latent, activation] = [codes.latents[at]!, codes.values[at]!]
      const decoder = row(weights.W_dec, latent, d_out)
      for (let i = 0; i < d_out; i++) own[i]! -= activation * (decoder[i] as number)
      latents.push({ layer, position, latent, activation, pre: z[position * d_sae + latent]! })
    }
  }
  return { latents, errors, bias }
}

/** The most probable next tokens, and what reads each one's logit less the mean of all. */
const chooseLogits = (model: RunnableModel, final: Float32Array, { logits: most, logit_share }: AttributionOptions) => {
  const { d_model: d } = model.info
  const { unembedding } = model.weights
  const probabilities = tf.tidy(() =>
    tf
      .softmax(unembed(model, tf.tensor2d(final.subarray(final.length - d), [1, d])))
      .dataSync<"float32">()
      .slice()
  )
  const order = Array.from(probabilities, (_, token) => token).toSorted(
    (a, b) => probabilities[b]! - probabilities[a]! || a - b
  )
  const chosen: Array<LogitNode> = []
  let sum = 0
  for (const token of order.slice(0, most)) {
    chosen.push({ token, probability: probabilities[token]! })
    sum += probabilities[token]!
    if (sum >= logit_share) break
  }
  const directions = tf.tidy(() => {
    const own = rowsOf(
      unembedding,
      Int32Array.from(chosen, ({ token }) => token)
    )
    const beyond = tf.mul(tf.sub(own, meanRow(unembedding)), model.logitScale).dataSync<"float32">()
    return chosen.map((_, i) => beyond.slice(i * d, (i + 1) * d))
  })
  return { chosen, directions }
}

/**
 * Synchronous. Memory grows with the square of the nodes.
 *
 * @param ids the prompt, with its BOS
 * @throws RangeError where it has more active latents than `most`
 */
export const attributionGraph = (
  model: RunnableModel,
  transcoders: ReadonlyArray<MlpTranscoder>,
  ids: Int32Array,
  most: number,
  options: AttributionOptions
): AttributionGraph => {
  const { d_model: d, n_layers: layers } = model.info
  const time = ids.length
  const pass = freezePass(model, ids, transcoders)
  try {
    const nodes = transcoders.map((transcoder, layer) => layerNodes(pass, transcoder, layer, options.masked))
    const latents = nodes.flatMap((of) => of.latents)
    if (latents.length > most) throw new RangeError(`${latents.length} latents are active`)
    const final = pass.values(finalHook)
    const { chosen, directions } = chooseLogits(model, final, options)
    const places = { latents, ids, layers }
    const size = logitNode(places, chosen.length)
    const [edges, bias, values] = [new Float64Array(size * size), new Float64Array(size), new Float64Array(size)]
    const embedding = pass.values("hook_embed")

    /** Targets of one hook, with the node of each. */
    const attribute = (
      hook: string,
      before: number,
      targets: ReadonlyArray<LinearTarget & { readonly node: number }>
    ) => {
      const step = Math.max(1, Math.floor(tokensPerPass / time))
      for (let first = 0; first < targets.length; first += step) {
        const part = targets.slice(first, first + step)
        const gradients = linearGradients(pass, hook, before, part, d)
        for (const [b, { node }] of part.entries()) {
          const at = node * size
          const read = (of: Float32Array, position: number): Float32Array => row(of, b * time + position, d)
          for (let position = 0; position < time; position++) {
            edges[at + tokenNode(places, position)] = dot(
              read(gradients.embedding, position),
              row(embedding, position, d)
            )
            for (let layer = 0; layer < before; layer++) {
              edges[at + errorNode(places, layer, position)] = dot(
                read(gradients.mlps[layer] as Float32Array, position),
                row(nodes[layer]!.errors, position, d)
              )
            }
          }
          for (const [source, { layer, position, latent, activation }] of latents.entries()) {
            if (layer >= before) break
            const decoder = row(transcoders[layer]!.weights.W_dec, latent, d)
            edges[at + source] = activation * dot(read(gradients.mlps[layer] as Float32Array, position), decoder)
          }
        }
      }
    }

    // What targets have where every source is zero: by a pass forwards, so that sums of edges are held to another way.
    const fixed = tf.tidy(() => {
      const sources = {
        embedding: tf.zeros([1, time, d]),
        mlps: nodes.map((of) => tf.tensor(of.bias, [1, time, d]))
      }
      const read = (hook: string): Float32Array => {
        const before = hook === finalHook ? layers : transcoders.findIndex(({ reads }) => reads === hook)
        const result = pass.run({ ...sources, mlps: sources.mlps.slice(0, before) }, hook)
        const found = result.dataSync<"float32">().slice()
        result.dispose()
        return found
      }
      return { final: read(finalHook), reads: transcoders.map(({ reads }) => read(reads)) }
    })

    let first = 0
    for (const [layer, { reads, weights }] of transcoders.entries()) {
      const own = nodes[layer]!.latents
      const targets = own.map(({ position, latent, pre }, i) => {
        const [node, direction] = [first + i, encoderOf(weights, latent)]
        const shift = weights.apply_b_dec_to_input ? dot(direction, weights.b_dec) : 0
        values[node] = pre
        bias[node] =
          dot(direction, row(fixed.reads[layer]!, position, direction.length)) + weights.b_enc[latent]! - shift
        return { node, position, direction }
      })
      attribute(reads, layer, targets)
      first += own.length
      options.onTargets?.(first, latents.length + chosen.length)
    }
    attribute(
      finalHook,
      layers,
      directions.map((direction, n) => {
        const node = logitNode(places, n)
        values[node] = dot(direction, row(final, time - 1, d))
        bias[node] = dot(direction, row(fixed.final, time - 1, d))
        return { node, position: time - 1, direction }
      })
    )
    options.onTargets?.(latents.length + chosen.length, latents.length + chosen.length)
    return {
      ...places,
      latents: latents.map(({ layer, position, latent, activation }) => ({ layer, position, latent, activation })),
      logits: chosen,
      size,
      edges,
      bias,
      values
    }
  } finally {
    pass.dispose()
  }
}

/** Largest |edges + bias - value| over the targets, as a share of the larger of |value| and 1: 0 where the graph is complete. */
export const incompleteness = ({ size, edges, bias, values, latents, logits }: AttributionGraph): number => {
  let largest = 0
  for (let node = 0; node < size; node++) {
    if (node >= latents.length && node < size - logits.length) continue
    let sum = bias[node]!
    for (let source = 0; source < size; source++) sum += edges[node * size + source]!
    largest = Math.max(largest, Math.abs(sum - values[node]!) / Math.max(1, Math.abs(values[node]!)))
  }
  return largest
}
