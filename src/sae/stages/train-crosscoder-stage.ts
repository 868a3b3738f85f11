/** The stage train-crosscoder: crosscoders of one pass over the rows. */
import * as Effect from "effect/Effect"
import { requireAligned } from "../../activations/fit.ts"
import { ownLatents, sourceShares } from "../source-norms.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { CROSSCODER_FILE, type CrosscoderFile } from "../../kinds/sae/crosscoder-file.ts"
import { writeStoredSae } from "../../kinds/sae/write-sae.ts"
import type { Opened } from "../../stage/input.ts"
import { loadTrainingRows } from "../rows/load-training-rows.ts"
import { trainedInfo, trainedMetrics, type TrainingContext, trainMembers } from "./train-members.ts"
import type { TrainedSae } from "../training/trained-sae.ts"

type Context = TrainingContext<
  { readonly architecture: string; readonly d_sae: number; readonly penalty: "sum_of_norms" | "whole_norm" },
  { readonly sources: ReadonlyArray<Opened<ActivationsHandle>> }
>

const save = Effect.fnUntraced(function* (context: Context, trained: TrainedSae) {
  const { params: asked, output, log } = context
  const all = context.inputs.sources.map(({ value }) => value)
  const shares = sourceShares(trained.weights.W_dec, trained.parts)
  const { own, shared } = ownLatents(shares)
  const { k, training } = trainedInfo(context, trained)
  const info = {
    architecture: `${asked.architecture}_crosscoder`,
    k,
    hook: null,
    model: null,
    activations: null,
    rows: "concatenated",
    training: { ...training, penalty: asked.penalty }
  }
  yield* writeStoredSae(output, trained.stored, info, trained.curve)
  const sources = all.map(({ hook, model, digest, d_in }, m) => ({
    hook,
    model,
    activations: digest,
    d_in,
    scale: trained.parts[m]?.scale
  }))
  yield* output.writeJson(CROSSCODER_FILE, { format: 1, sources, shares, own, shared } satisfies CrosscoderFile)
  const metrics = trainedMetrics(trained, log)
  log([`${shared} latents shared`, ...own.map((n, m) => `${n} of ${all[m]?.hook} alone`)].join(", "))
  return { ...metrics, shared_fraction: shared / asked.d_sae }
})

export const trainCrosscoderStage = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { inputs: given, params: asked } = contexts[0] as Context
  const all = given.sources.map(({ value }) => value)
  yield* requireAligned(all)
  const d_in = all.reduce((sum, activations) => sum + activations.d_in, 0)
  const whole = asked.penalty === "whole_norm"
  const rows = Effect.map(Effect.forEach(all, loadTrainingRows), (sources) => ({ sources, whole }))
  const trained = yield* trainMembers(contexts, { d_in, d_out: d_in }, rows)
  return yield* Effect.forEach(contexts, (context, i) => save(context, trained[i] as TrainedSae))
})
