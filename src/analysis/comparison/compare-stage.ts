/** The stage compare-saes. */
import * as Effect from "effect/Effect"
import { requireAligned, requireHeldOut, requireReads } from "../../activations/fit.ts"
import { otherModels, otherSpaces } from "../../activations/same-site.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { RowSet } from "../../kinds/activations/row-set.ts"
import { type ComparedSae, comparisonFileName } from "../../kinds/comparison.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { nearestOtherRows } from "../decoder-cosine.ts"
import { encodeLatents, type LatentCodes } from "../latent-codes.ts"
import { randomUnitRows } from "../../random/random-unit-rows.ts"
import { comparePair, type ComparedMember, type PairOptions } from "./compare-pair.ts"
import { comparedMetrics, ONE } from "./compared-metrics.ts"
import { decoderProjection } from "./decoder-projection.ts"
import { latentMean } from "./latent-mean.ts"
import { leastSeeds } from "./seed-jackknife.ts"

interface CompareParams extends PairOptions {
  /** Held-out rows that activations are correlated on, at most. */
  readonly rows: number
  /** Null: half of the latents. */
  readonly projection_n: number | null
}

interface CompareInputs {
  readonly saes: ReadonlyArray<Opened<SaeHandle>>
  readonly activations: ReadonlyArray<Opened<ActivationsHandle>>
}

/** Rows of the projections: as many as fit beside the weights. */
const projectedRows = 512

/** From this share of the rows on, a latent is dense. */
const denseAbove = 0.1

/** The activations that each SAE reads; none at all, one for all, or one for each in their order. */
const activationsOf = Effect.fnUntraced(function* ({ saes, activations }: CompareInputs) {
  if (activations.length > 1 && activations.length !== saes.length) {
    return yield* stageFailed(
      `there are ${saes.length} SAEs and ${activations.length} activations`,
      "Give none, one for all SAEs, or one for each, in their order."
    )
  }
  if (activations.length < 2) {
    for (const [n, { value }] of saes.entries()) {
      const problem = otherModels(saes[0]!.value, value, ["SAE 1", `SAE ${n + 1}`])
      if (problem !== undefined) {
        return yield* stageFailed(
          `${problem}: their directions have no cosine that means anything`,
          "Give SAEs of one model, or activations for each, in their order: whether latents of two models fire together."
        )
      }
    }
  }
  const own = saes.map((_, n) => (activations.length > 1 ? activations[n] : activations[0])?.value)
  for (const [n, { value }] of saes.entries()) {
    const read = own[n]
    if (read === undefined) continue
    yield* requireReads(value, read, `SAE ${n + 1}`)
    yield* requireHeldOut(read)
  }
  if (activations.length > 1) yield* requireAligned(activations.map(({ value }) => value))
  return own
})

/** The first rows of the set: the same tokens for every SAE. */
const firstRows = (set: RowSet, most: number) => set.loadRows(0, Math.min(most, set.rows))

const codesOf = Effect.fnUntraced(function* (sae: SaeHandle, rows: Float32Array) {
  return encodeLatents(rows, yield* openSaeModel(yield* sae.anyWeights))
}, Effect.scoped)

const firingShares = (codes: LatentCodes): Float64Array => {
  const fired = new Float64Array(codes.d_sae)
  for (const latent of codes.latents) fired[latent]! += 1 / codes.rows
  return fired
}

const alone = (
  { at, value }: Opened<SaeHandle>,
  { W_dec, b_dec, d_in, d_sae }: SaeWeights,
  x: Float32Array | undefined,
  codes: LatentCodes | undefined,
  { projection_n, seed }: CompareParams
): ComparedSae => {
  const shares = codes && firingShares(codes)
  const share = (holds: (density: number) => boolean): number | null =>
    shares === undefined ? null : shares.filter(holds).length / d_sae
  const n = projection_n ?? Math.max(1, Math.floor(d_sae / 2))
  return {
    at,
    digest: value.digest,
    d_sae,
    self_cosine: latentMean(nearestOtherRows(W_dec, d_in)),
    random_self_cosine: latentMean(nearestOtherRows(randomUnitRows(d_sae, d_in, seed), d_in)).mean,
    l0: codes === undefined ? null : codes.values.length / codes.rows,
    dead: share((density) => density === 0),
    dense: share((density) => density > denseAbove),
    projection:
      x === undefined || n >= d_sae
        ? null
        : { n, value: decoderProjection(x.subarray(0, projectedRows * d_in), { W_dec, b_dec, d_in, d_sae }, n) }
  }
}

const meanOf = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length

export const compareStage = Effect.fn("compareStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<CompareParams, unknown, CompareInputs>) {
  const { saes } = inputs
  if (saes.length === 0) return yield* stageFailed("there are no SAEs", "Give two or more.")
  const own = yield* activationsOf(inputs)
  const widths = [...new Set(saes.map(({ value }) => value.d_in))]
  if (widths.length > 1) {
    return yield* stageFailed(
      `the SAEs read rows of ${widths.join(" and ")} numbers: their directions have no cosine`,
      "Compare SAEs of one width of rows."
    )
  }
  for (const warning of otherSpaces(saes.map(({ value }) => value))) log(`warning: ${warning}`)
  const pairs = saes.flatMap((_, first) => saes.slice(first + 1).map((_, more) => [first, first + 1 + more] as const))
  const total = saes.length + pairs.length
  const members: Array<ComparedMember> = []
  const described: Array<ComparedSae> = []
  for (const [n, sae] of saes.entries()) {
    const read = own[n]
    const x = read === undefined ? undefined : yield* firstRows((yield* openActivations(read)).held_out, params.rows)
    const codes = x === undefined ? undefined : yield* codesOf(sae.value, x)
    const weights = yield* sae.value.weights
    members.push({ weights, codes })
    described.push(alone(sae, weights, x, codes, params))
    progress({ done: n + 1, total, unit: "comparisons" })
  }
  const compared = pairs.map(([i, j], n) => {
    const [first, second] = (saes[i]?.value.d_sae ?? 0) <= (saes[j]?.value.d_sae ?? 0) ? [i, j] : [j, i]
    const pair = comparePair(members[first] as ComparedMember, members[second] as ComparedMember, params)
    progress({ done: saes.length + n + 1, total, unit: "comparisons" })
    return { first, second, ...pair }
  })
  const rows = members[0]?.codes?.rows ?? 0
  yield* output.writeJson(comparisonFileName, { format: 1, rows, saes: described, pairs: compared })

  const cosine = meanOf(compared.map(({ max_cosine }) => max_cosine.mean))
  const random = meanOf(compared.map(({ random_max_cosine }) => random_max_cosine))
  log(
    pairs.length === 0
      ? `warning: ${ONE}`
      : `${pairs.length} pairs: largest cosine ${cosine.toFixed(3)} on average, ${random.toFixed(3)} with random directions`
  )
  const seeds = new Set(saes.map(({ at }) => at["seed"]))
  if (pairs.length > 1 && seeds.size < leastSeeds) {
    log(`no interval over seeds: SAEs of ${leastSeeds} seeds, an axis of the matrix of that name, would have one`)
  }
  const told = comparedMetrics(described, compared, rows, params.matched_latents)
  return { ...told, pairs: compared.length }
}, Effect.scoped)
