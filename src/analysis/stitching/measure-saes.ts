/** SAEs on the same held-out rows and contexts, a few in memory at a time; with the sums that differences between two of them are drawn from. */
import * as Effect from "effect/Effect"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { openModel } from "../../model/open-model.ts"
import { bootstrapIntervals, drawnSum, type Interval } from "../../numeric/bootstrap.ts"
import { mean } from "../../numeric/mean.ts"
import * as Rng from "../../random/rng.ts"
import { evaluateReconstructions } from "../../sae/evaluate/evaluate-reconstruction.ts"
import { evaluationContexts } from "../../sae/evaluate/evaluation-contexts.ts"
import { heldOutUnits } from "../../sae/evaluate/held-out-units.ts"
import { splicedLosses } from "../../sae/evaluate/spliced-losses.ts"
import { openSaeModel } from "../../sae/sae-model.ts"

export interface MeasuredSae {
  readonly latents: number
  readonly l0: number
  readonly mse: number
  readonly explained_variance: number
  readonly intervals: Readonly<Record<string, Interval | undefined>>
  /** Sums over each unit of the held-out rows (a document). */
  readonly units: { readonly rows: Float64Array; readonly error: Float64Array; readonly active: Float64Array }
  /** Nats a token; undefined without a model. */
  readonly ce: number | undefined
  /** Summed over each context, and how many predictions count there. */
  readonly contexts: { readonly ce: ReadonlyArray<number>; readonly targets: ReadonlyArray<number> } | undefined
}

/** Weights on the engine at a time. */
const bytesTogether = 2 ** 30

const inParts = (saes: ReadonlyArray<SaeWeights>): ReadonlyArray<ReadonlyArray<SaeWeights>> => {
  const most = Math.max(...saes.map(({ d_in, d_sae }) => 8 * d_in * d_sae))
  const step = Math.max(1, Math.floor(bytesTogether / most))
  return Array.from({ length: Math.ceil(saes.length / step) }, (_, i) => saes.slice(i * step, (i + 1) * step))
}

/** @param contexts held-out contexts that cross-entropies are over, at most */
export const measureSaes = Effect.fnUntraced(function* (
  saes: ReadonlyArray<SaeWeights>,
  activations: ActivationsHandle,
  language: LanguageModelHandle | undefined,
  contexts: number,
  onSaes: (done: number) => void
) {
  const units = heldOutUnits(activations)
  const byUnit = {
    count: units.count,
    of: ({ document, position }: { document: number; position: number }) => units.of(document, position)
  }
  const chosen = yield* evaluationContexts(activations, contexts)
  const model = language === undefined || chosen.targets === 0 ? undefined : yield* openModel(language)
  const targets = chosen.contexts.map(({ counted }) => counted.reduce((sum, counts) => sum + counts, 0))
  const all = targets.reduce((sum, n) => sum + n, 0)
  const hooks = { from: activations.hook, to: activations.hook }
  const measured: Array<MeasuredSae> = []
  for (const part of inParts(saes)) {
    yield* Effect.gen(function* () {
      const models = yield* Effect.forEach(part, openSaeModel)
      const { held_out } = yield* openActivations(activations)
      const found = yield* evaluateReconstructions(models, held_out, { units, groupings: [byUnit] })
      const losses =
        model === undefined ? [] : yield* splicedLosses(model, models, hooks, chosen.contexts, { kl: false })
      for (const [i, { l0, mse, explained_variance, intervals, groups }] of found.entries()) {
        const each = groups[0]!.flatMap((unit) => (unit === undefined ? [] : [unit]))
        const ce = losses[i]?.ce
        measured.push({
          latents: part[i]!.d_sae,
          l0,
          mse,
          explained_variance,
          intervals,
          units: {
            rows: Float64Array.from(each, ({ rows }) => rows),
            error: Float64Array.from(each, (unit) => unit.mse * unit.rows),
            active: Float64Array.from(each, (unit) => unit.l0 * unit.rows)
          },
          ce: ce && ce.reduce((sum, loss) => sum + loss, 0) / all,
          contexts: ce && { ce, targets }
        })
      }
    }).pipe(Effect.scoped)
    onSaes(measured.length)
  }
  return measured
})

/** Nats a token by which the first SAEs' cross-entropies are higher, mean over the pairs; NaN without a model. @param pairs at least one */
export const crossEntropyExcess = (
  pairs: ReadonlyArray<readonly [Pick<MeasuredSae, "contexts">, Pick<MeasuredSae, "contexts">]>
): { readonly ce: number; readonly interval: Interval | undefined } => {
  const excess = (times: Int32Array) => ({
    ce: mean(
      pairs.map(([{ contexts: a }, { contexts: b }]) =>
        a === undefined || b === undefined
          ? Number.NaN
          : (drawnSum(times, a.ce) - drawnSum(times, b.ce)) / drawnSum(times, a.targets)
      )
    )
  })
  const contexts = pairs[0]?.[0].contexts?.targets.length ?? 0
  return {
    ...excess(new Int32Array(contexts).fill(1)),
    interval: bootstrapIntervals([contexts], excess, Rng.make(0, "intervals of differences of cross-entropies"))["ce"]
  }
}

/** How much more or less the first SAEs have than the second ones, pair by pair: means over the pairs, with intervals. */
export interface Excess {
  /** Of the MSE, as a share of the second one's. */
  readonly mse: number
  /** Active latents a row. */
  readonly l0: number
  /** Nats a token; NaN without a model. */
  readonly ce: number
  readonly intervals: Readonly<Record<"mse" | "l0" | "ce", Interval | undefined>>
}

/** Differences on the same documents and contexts: what both have in common is no noise. @param pairs at least one */
export const excessOf = (pairs: ReadonlyArray<readonly [MeasuredSae, MeasuredSae]>): Excess => {
  const ofRows = (times: Int32Array) => ({
    mse: mean(pairs.map(([a, b]) => drawnSum(times, a.units.error) / drawnSum(times, b.units.error) - 1)),
    l0: mean(
      pairs.map(
        ([a, b]) => (drawnSum(times, a.units.active) - drawnSum(times, b.units.active)) / drawnSum(times, a.units.rows)
      )
    )
  })
  const [first] = pairs[0]!
  const units = first.units.rows.length
  const drawn = bootstrapIntervals([units], ofRows, Rng.make(0, "intervals of differences of stitched SAEs"))
  const { ce, interval } = crossEntropyExcess(pairs)
  return {
    ...ofRows(new Int32Array(units).fill(1)),
    ce,
    intervals: { mse: drawn["mse"], l0: drawn["l0"], ce: interval }
  }
}
