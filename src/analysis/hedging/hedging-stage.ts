/** The stage evaluate-hedging. */
import * as Effect from "effect/Effect"
import { figuresFileName } from "../../kinds/figures.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"
import { type Estimate, estimated, measured, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { grownApartProblem } from "./grown-apart.ts"
import { hedgingFigures, hedgingOf, unitRowsOf } from "./hedging.ts"
import { otherLatents } from "./other-latents.ts"
import { hedgingFile } from "./hedging-file.ts"

interface HedgingInputs {
  readonly narrow: Opened<SaeHandle>
  readonly grown: Opened<SaeHandle>
  readonly wide: Opened<SaeHandle>
  readonly others: ReadonlyArray<Opened<SaeHandle>>
}

/** Of SAEs of which the narrow one may be one: those of other seeds that are as it is. */
const ofOtherSeeds = Effect.fnUntraced(function* (
  given: ReadonlyArray<Opened<SaeHandle>>,
  narrow: SaeHandle,
  d: number,
  added: number
) {
  const others = given.map(({ value }) => value).filter(({ digest }) => digest !== narrow.digest)
  for (const other of others) {
    const width = other.d_out ?? other.d_in
    if (width !== d || other.d_sae < added || other.activations !== narrow.activations) {
      return yield* stageFailed(
        `one of \`others\` has ${other.d_sae} latents of ${width} dimensions${other.activations === narrow.activations ? "" : ", and is of other activations"}; ${added} latents of ${d}, of the narrow SAE's activations, are needed`,
        "Give SAEs that differ from the narrow one in their seed."
      )
    }
    const seeds = [other, narrow].map(({ training }) => training?.["seed"])
    if (seeds[0] !== undefined && seeds[0] === seeds[1]) {
      return yield* stageFailed(
        `one of \`others\` has the narrow SAE's seed, ${String(seeds[0])}: it began as that one did`,
        "Give SAEs of other seeds."
      )
    }
  }
  return yield* Effect.forEach(others, (other) => Effect.map(other.anyWeights, ({ W_dec }) => W_dec))
})

const alone: Unmeasured = { unmeasured: "`others` has the narrow SAE alone" }

/** Above this cosine with where it began, a new latent has learnt little. */
const unmoved = 0.95

/** New rows that lie where they began. */
const unmovedLatents = (start: Float32Array, end: Float32Array, first: number, d: number): number => {
  const [a, b] = [unitRowsOf(start.subarray(first * d), d), unitRowsOf(end.subarray(first * d), d)]
  let count = 0
  for (let at = 0; at < a.length; at += d) {
    let cosine = 0
    for (let c = at; c < at + d; c++) cosine += (a[c] as number) * (b[c] as number)
    if (cosine > unmoved) count++
  }
  return count
}

export const hedgingStage = Effect.fn("hedgingStage")(function* ({
  inputs,
  output,
  log
}: StageContext<unknown, unknown, HedgingInputs>) {
  const [narrow, grown, wide] = [inputs.narrow.value, inputs.grown.value, inputs.wide.value]
  const wrong = grownApartProblem({ narrow, grown, wide })
  if (wrong !== undefined) return yield* stageFailed(wrong.problem, wrong.remedy)
  const d = wide.d_out ?? wide.d_in
  const added = wide.d_sae - narrow.d_sae
  const W = { narrow: (yield* narrow.anyWeights).W_dec, wide: (yield* wide.anyWeights).W_dec }
  const hedging = hedgingOf({ ...W, d })
  if (hedging.rank === d) {
    return yield* stageFailed(
      `${added} new latents span all ${d} dimensions: every change lies in them`,
      "Grow by fewer latents."
    )
  }
  const unmoved_latents = unmovedLatents((yield* grown.anyWeights).W_dec, W.wide, narrow.d_sae, d)
  if (unmoved_latents > added / 2) {
    log(
      `warning: ${unmoved_latents} of ${added} new latents lie where they began, so that most of their span is random and hedging is not seen: train longer, or raise encoder_norm of grow-sae`
    )
  }
  const others = yield* ofOtherSeeds(inputs.others, narrow, d, added)
  const other = others.length === 0 ? undefined : otherLatents({ ...W, d }, others)
  const { figures, intervals } = hedgingFigures(hedging, d, other)
  yield* output.writeJson(figuresFileName, hedgingFile(hedging, figures, d))
  const replaced = hedging.replaced.reduce((sum, one) => sum + one, 0)
  const none =
    replaced === hedging.replaced.length ? "new latents have replaced all of the old" : "no decoder row changed"
  const told = (name: keyof typeof figures): number | Estimate | Unmeasured =>
    Number.isFinite(figures[name]) ? estimated(figures[name], intervals[name]) : measured(figures[name], none)
  log(
    `hedging ${figures.hedging.toFixed(4)}: rows change by ${figures.decoder_change.toFixed(3)}, by ${figures.change_in_new.toFixed(3)} within the new latents' span, ${figures.random_in_new.toFixed(3)} within a random one; intervals are over latents, seeds move it more`
  )
  if (replaced > 0)
    log(`${replaced} of ${hedging.replaced.length} latents changed places with a new one, and do not count`)
  return {
    hedging: told("hedging"),
    published_hedging: estimated(figures.published_hedging, intervals["published_hedging"]),
    change_in_new: told("change_in_new"),
    random_in_new: told("random_in_new"),
    decoder_change: told("decoder_change"),
    excess_share: told("excess_share"),
    ...(inputs.others.length > 0 && {
      other_hedging: other === undefined ? alone : told("other_hedging"),
      hedging_beyond_other: other === undefined ? alone : told("hedging_beyond_other")
    }),
    replaced_latents: replaced,
    new_latents: added,
    unmoved_latents
  }
})
