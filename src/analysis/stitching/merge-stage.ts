/** The stage merge-saes. */
import * as Effect from "effect/Effect"
import { requireReads, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import { requireSameSite } from "../../activations/same-site.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { writeSae } from "../../kinds/sae/write-sae.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeLatents } from "../latent-codes.ts"
import { mergeLatents } from "./merge-latents.ts"
import { spreadBatches } from "./spread-batches.ts"
import { standingAlone, standsIn } from "./standing-alone.ts"
import { stitchPass } from "./stitch-pass.ts"
import { joinedSae, stitchedSae } from "./stitched-sae.ts"

interface MergeParams {
  readonly size: number | null
  readonly rows: number
}

interface MergeInputs {
  readonly base: Opened<SaeHandle>
  readonly others: ReadonlyArray<Opened<SaeHandle>>
  readonly activations: Opened<ActivationsHandle>
}

export const mergeStage = Effect.fn("mergeStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<MergeParams, unknown, MergeInputs>) {
  const activations = inputs.activations.value
  const all = [inputs.base, ...inputs.others].map(({ value }) => value)
  if (all.length < 2) return yield* stageFailed("there is no SAE to merge with", "Give others.")
  for (const [n, sae] of all.entries()) {
    const name = n === 0 ? "the base SAE" : `other SAE ${n}`
    yield* requireReads(sae, activations, name)
    yield* requireSameSite(inputs.base.value, sae, ["the base SAE", name])
  }
  yield* requireTrainingRows(activations)
  const rows = spreadBatches((yield* openActivations(activations)).train, params.rows)
  const saes = yield* Effect.forEach(
    all,
    Effect.fnUntraced(function* (own, n) {
      const { sae, threshold } = yield* standingAlone(yield* own.weights, rows)
      const line = standsIn(n === 0 ? "the base SAE" : `other SAE ${n}`, threshold)
      if (line !== undefined) log(`warning: ${line}`)
      return sae
    })
  )
  const base = joinedSae([saes[0]!])
  const others = joinedSae(saes.slice(1))
  const models = { base: yield* openSaeModel(base), others: yield* openSaeModel(others) }
  const pass = stitchPass(base, others)
  for (let index = 0; index < rows.batches; index++) {
    const x = yield* rows.read(index)
    pass.add(x, { small: encodeLatents(x, models.base), large: encodeLatents(x, models.others) })
    progress({ done: index + 1, total: rows.batches, unit: "batches" })
  }
  const data = pass.finish()
  const merged = mergeLatents(data, params.size, (inserted, removed) =>
    progress({ done: inserted + removed, total: base.d_sae + others.d_sae, unit: "latents" })
  )
  const weights = { ...stitchedSae(data, { present: merged.present, biasShare: 0 }), b_dec: merged.b_dec }
  // Whose latents are in it, in the order of the inputs.
  let first = 0
  const taken = all.map(({ d_sae }) => {
    const own = merged.present.subarray(first, (first += d_sae))
    return own.reduce((sum, there) => sum + there, 0)
  })
  const { d_sae } = weights
  log(`${d_sae} latents: ${taken.join(" + ")} of SAEs of ${all.map((sae) => sae.d_sae).join(" + ")}`)
  if (params.size !== null && d_sae < params.size) {
    log(`no further latent lowers the MSE: ${d_sae} latents, where size allows ${params.size}`)
  }
  yield* writeSae(output, {
    weights,
    info: {
      architecture: "merged",
      k: null,
      hook: activations.hook,
      model: activations.model,
      activations: activations.digest,
      rows: "activations",
      training: { merged: all.map(({ digest }) => digest), taken, rows: data.rows, size: params.size }
    },
    curve: {},
    metadata: { context_size: activations.context_size }
  })
  return {
    d_sae,
    taken_share: 1 - taken[0]! / d_sae,
    kept_share: taken[0]! / all[0]!.d_sae,
    base_mse: data.mse,
    mse: merged.mse,
    bias_gain: 1 - merged.mse / merged.mse_before_bias,
    l0: merged.l0
  }
}, Effect.scoped)
