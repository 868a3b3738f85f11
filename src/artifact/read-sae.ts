/** Opens an Sae artifact: ours, or a plain SAELens folder. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { openArrow } from "./arrow-reader.ts"
import type { Artifact } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"
import { curveColumns } from "./curve-columns.ts"
import { readJsonFile } from "./json-file.ts"
import { activationOf, SaeLensConfig } from "./saelens-config.ts"
import type { SaeActivation, SaeCurve, SaeHandle, SaeInfo, SaeWeights } from "./sae.ts"
import { openSafetensors } from "./safetensors.ts"
import type { Safetensors } from "./safetensors.ts"

const weightsPath = "sae_weights.safetensors"

const SaeFile = Schema.Struct({
  format: Schema.Literal(1),
  architecture: Schema.String,
  k: Schema.NullOr(Schema.Int),
  hook: Schema.NullOr(Schema.String),
  model: Schema.NullOr(Schema.String),
  activations: Schema.NullOr(Schema.String),
  rows: Schema.String,
  training: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  curve: Schema.Array(Schema.String)
})

export const readSae = Effect.fn("readSae")(function* (artifact: Artifact) {
  const fail = (path: string, detail: string) =>
    new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
  const config = yield* readJsonFile(artifact, "cfg.json", SaeLensConfig)
  const activation = activationOf(config)
  if (typeof activation === "string") return yield* fail("cfg.json", activation)

  const tensors = yield* openSafetensors(yield* artifact.open(weightsPath), weightsPath, artifact.digest)
  const wrong = wrongShape(tensors, config, activation)
  if (wrong !== undefined) return yield* fail(weightsPath, wrong)

  const own = artifact.has("sae.json") ? yield* readJsonFile(artifact, "sae.json", SaeFile) : undefined
  const hook = config.metadata?.["hook_name"]
  const info: SaeInfo = {
    architecture: own?.architecture ?? (config.architecture as string),
    activation,
    d_in: config.d_in,
    d_sae: config.d_sae,
    k: own?.k ?? (activation.type === "topk" ? activation.k : null),
    hook: own === undefined ? (typeof hook === "string" ? hook : null) : own.hook,
    model: own?.model ?? null,
    activations: own?.activations ?? null,
    rows: own?.rows ?? "activations",
    training: own?.training ?? null
  }
  const handle: SaeHandle = {
    ...info,
    digest: artifact.digest,
    weights: readWeights(artifact, tensors, config, activation),
    curve: own === undefined ? Effect.succeed(undefined) : Effect.scoped(readCurve(artifact, own.curve))
  }
  return handle
})

/** What is wrong with the tensors' names and shapes, if anything. */
const wrongShape = (tensors: Safetensors, { d_in, d_sae }: SaeLensConfig, activation: SaeActivation) => {
  const shapes: Record<string, ReadonlyArray<number>> = {
    W_enc: [d_in, d_sae],
    W_dec: [d_sae, d_in],
    b_enc: [d_sae],
    b_dec: [d_in],
    ...(activation.type === "jumprelu" ? { threshold: [d_sae] } : {})
  }
  for (const [name, shape] of Object.entries(shapes)) {
    const entry = tensors.entries.get(name)
    if (entry === undefined) return `there is no tensor ${name}`
    if (String(entry.shape) !== String(shape)) {
      return `${name} is [${entry.shape.join(", ")}], not [${shape.join(", ")}] as cfg.json says`
    }
  }
  return undefined
}

const readWeights = Effect.fnUntraced(function* (
  artifact: Artifact,
  tensors: Safetensors,
  config: SaeLensConfig,
  activation: SaeActivation
) {
  const fail = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: artifact.digest, path: weightsPath, detail })
  const names = ["W_enc", "W_dec", "b_enc", "b_dec", ...(activation.type === "jumprelu" ? ["threshold"] : [])]
  const read: Record<string, Float32Array<ArrayBuffer>> = {}
  for (const name of names) {
    const values = yield* tensors.float32(name)
    if (!values.every(Number.isFinite)) return yield* fail(`${name} holds NaN or infinite numbers`)
    read[name] = values
  }
  if (tensors.entries.has("scaling_factor")) {
    const factor = yield* tensors.float32("scaling_factor")
    if (!factor.every((x) => x === 1)) return yield* fail("it has a scaling_factor other than one, which is not read")
  }
  const weights: SaeWeights = {
    d_in: config.d_in,
    d_sae: config.d_sae,
    activation,
    apply_b_dec_to_input: config.apply_b_dec_to_input ?? true,
    W_enc: read["W_enc"] as Float32Array<ArrayBuffer>,
    W_dec: read["W_dec"] as Float32Array<ArrayBuffer>,
    b_enc: read["b_enc"] as Float32Array<ArrayBuffer>,
    b_dec: read["b_dec"] as Float32Array<ArrayBuffer>,
    threshold: read["threshold"]
  }
  if (activation.type === "topk" && config.rescale_acts_by_decoder_norm === true) foldDecoderNorms(weights)
  return weights
})

/**
 * SAELens with `rescale_acts_by_decoder_norm` chooses latents by z * |w|, calls that product the activation, and
 * divides by |w| before the decoder. With the norms folded in, the plain computation gives the same. In place.
 */
const foldDecoderNorms = ({ d_in, d_sae, W_enc, W_dec, b_enc }: SaeWeights): void => {
  for (let j = 0; j < d_sae; j++) {
    const row = W_dec.subarray(j * d_in, (j + 1) * d_in)
    let square = 0
    for (const x of row) square += x * x
    const norm = Math.sqrt(square)
    if (norm === 0) continue
    for (let i = 0; i < d_in; i++) {
      row[i] = (row[i] as number) / norm
      W_enc[i * d_sae + j] = (W_enc[i * d_sae + j] as number) * norm
    }
    b_enc[j] = (b_enc[j] as number) * norm
  }
}

const readCurve = Effect.fnUntraced(function* (artifact: Artifact, names: ReadonlyArray<string>) {
  const path = "curve.arrow"
  if (!artifact.has(path)) return undefined
  const file = yield* openArrow(yield* artifact.open(path), curveColumns(names), path, artifact.digest)
  const parts = yield* Effect.forEach(
    Array.from({ length: file.batches }, (_, i) => i),
    file.readBatch
  )
  const curve: Record<string, Float64Array<ArrayBuffer>> = {}
  for (const name of names) {
    curve[name] = Float64Array.from(parts.flatMap(({ values }) => [...(values[name] as Float64Array)]))
  }
  return curve as SaeCurve
})
