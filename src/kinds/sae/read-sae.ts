/** Opens an Sae artifact: ours, or a plain SAELens folder. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { openArrow } from "../../format/arrow/arrow-reader.ts"
import type { Artifact } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { curveColumns } from "./curve-columns.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import { activationType } from "./latents/latents.ts"
import { computableSae } from "./stored/computable-sae.ts"
import { artifactFolder } from "./files/sae-folder.ts"
import { openSaeLens, saeLensConfigName } from "./formats/saelens.ts"
import type { SaeInfo, SaeWeights } from "./stored/sae-weights.ts"
import type { SaeCurve, SaeHandle } from "./sae-handle.ts"
import { isRefused } from "./latents/sae-refused.ts"

const SaeFile = Schema.Struct({
  format: Schema.Literal(1),
  architecture: Schema.String,
  k: Schema.NullOr(Schema.Finite),
  hook: Schema.NullOr(Schema.String),
  model: Schema.NullOr(Schema.String),
  activations: Schema.NullOr(Schema.String),
  rows: Schema.String,
  training: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  curve: Schema.Array(Schema.String)
})

export const readSae = Effect.fn("readSae")(function* (artifact: Artifact) {
  const { header, weights: stored } = yield* openSaeLens(artifactFolder(artifact))
  const own = artifact.has("sae.json") ? yield* readJsonFile(artifact, "sae.json", SaeFile) : undefined
  const hook = header.metadata["hook_name"]
  const fail = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: artifact.digest, path: saeLensConfigName, detail })
  const info: SaeInfo = {
    architecture: own?.architecture ?? header.architecture,
    activation: header.activation,
    d_in: header.d_in,
    d_sae: header.d_sae,
    k: own?.k ?? header.k,
    hook: own === undefined ? (typeof hook === "string" ? hook : null) : own.hook,
    model: own?.model ?? null,
    activations: own?.activations ?? null,
    rows: own?.rows ?? "activations",
    training: own?.training ?? null
  }
  const anyWeights = Effect.flatMap(stored, (sae) => {
    const weights = computableSae(sae)
    if (isRefused(weights)) return Effect.fail(fail(weights.problem))
    return activationType(weights.activation).activations === "context"
      ? Effect.fail(
          fail(`its latents (${weights.activation.type}) follow from whole contexts, and rows are used one by one here`)
        )
      : Effect.succeed(weights)
  })
  const handle: SaeHandle = {
    ...info,
    digest: artifact.digest,
    d_out: header.kind === "sae" ? null : header.d_out,
    stored: Effect.map(stored, (sae) =>
      sae.latents.type === "batch_topk" && sae.latents.k === null
        ? { ...sae, latents: { ...sae.latents, k: info.k } }
        : sae
    ),
    anyWeights,
    weights: Effect.filterOrFail(
      anyWeights,
      (weights) => notPlain(weights) === undefined,
      (weights) => fail(notPlain(weights) as string)
    ),
    curve: own === undefined ? Effect.succeed(undefined) : Effect.scoped(readCurve(artifact, own.curve))
  }
  return handle
})

/** Why what is meant for plain autoencoders cannot use it, if it cannot. */
const notPlain = ({ activation, transcoder, normalize, W_skip }: SaeWeights): string | undefined =>
  transcoder !== undefined || W_skip !== undefined
    ? "it is a transcoder, and an autoencoder is needed here"
    : normalize !== undefined
      ? `it normalises every row (${normalize}), and an SAE that takes rows as they are is needed here`
      : activationType(activation).activations === "signed"
        ? `its activations have signs (${activation.type}), and an SAE whose latents only fire above zero is needed here`
        : undefined

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
