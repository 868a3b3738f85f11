/** What the stages evaluate-tpp and evaluate-scr have in common: parameters, and numbers of latents that are ablated. */
import type { MetricInfo } from "../../stage/metric.ts"
import * as Param from "../../stage/param.ts"

/** SAEBench's `n_values`. */
export const ablatedNumbers = [2, 5, 10, 20, 50, 100, 500] as const

export const perturbationParams = {
  hook: Param.string({ default: null, description: "where the SAE reads; null: the SAE's own hook" }),
  texts: Param.integer({
    default: 2000,
    minimum: 16,
    unit: "contexts",
    description: "contexts of each input, at most"
  }),
  held_out_fraction: Param.number({
    default: 0.2,
    minimum: 0.05,
    maximum: 0.9,
    description: "share of the documents that probes are tested on"
  }),
  least_accuracy: Param.number({
    default: 0.6,
    minimum: 0,
    maximum: 1,
    description: "accuracy that the probes have to have on average (chance: 0.5), else there is nothing to perturb"
  }),
  as_published: Param.boolean({
    default: false,
    description: "keep the epoch of a probe that does best on the texts it is tested on, as SAEBench does"
  }),
  seed: Param.integer({ default: 0, description: "of the choice of documents and texts, and of the controls" })
}

export type PerturbationParams = Param.ParamValues<typeof perturbationParams>

type Named<P extends string, S extends string> = `${P}${(typeof ablatedNumbers)[number]}${S}`

/** One metric for each number of latents, which stands between `before` and `after` in its name. */
export const metricsByNumber = <const P extends string, const S extends string>(
  [before, after]: readonly [P, S],
  info: Omit<MetricInfo, "description" | "optional">,
  description: (n: number) => string
) =>
  Object.fromEntries(
    ablatedNumbers.map((n) => [`${before}${n}${after}`, { ...info, optional: true, description: description(n) }])
  ) as Readonly<Record<Named<P, S>, MetricInfo & { readonly optional: true }>>
