import { expect, it } from "vitest"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import type { StageKind } from "../../src/stage/stage.ts"

/**
 * What has no interval because it is no estimate: there is nothing else that could have been drawn in its place. Whole kinds make
 * something, and tell what they made (training curves are measured again, on held-out rows, by the kinds that evaluate).
 */
const exact: Readonly<Record<string, RegExp>> = {
  "made, not measured":
    /^(train-|finetune-sae|merge-saes|import-|make-|capture-activations|report|select-size|tabulate-findings)/,
  "a count, or which one it is":
    /\.(\w+_latents|patterns|examples|latents|concepts|latent|unread_answers|directions|steps|rising_steps|rising_share|arrival|best_layer|probe_letters|\w+_only|shared|\w+_specific)$/,
  "a fact of two dictionaries, all of whose latents are known": /\.(uniqueness|threshold|same_number_share)$/,
  "what a solver or a check was left with": /\.(selection_gap|incompleteness|residual|extrapolation_error)$/,
  "a guard: below a limit, the figures are not told":
    /\.word_effect$|^evaluate-(ravel|scr|tpp)\.(\w*accuracy)$|^patch-activations\.accuracy$/,
  "what an interval is told for beside it":
    /^stitch-saes\.(small_mse|large_mse|largest_step_share)$|^evaluate-concepts\.half_times_alive$/,
  "of the text, or of the questions, not of what is measured":
    /\.(chance|keeping|bigram_loss|loss_inside|letter_share)$|^trace-prompts\.active_latents$/
}

it("every metric of every stage kind has its interval, or is no estimate", async () => {
  const folder = join(import.meta.dirname, "../../stages")
  const without = await Promise.all(
    readdirSync(folder).map(async (file) => {
      const { default: kind } = (await import(join(folder, file))) as { readonly default: StageKind }
      return Object.entries(kind.metrics).flatMap(([name, { interval, tolerance }]) =>
        interval === undefined && tolerance !== 0 ? [`${kind.name}.${name}`] : []
      )
    })
  )
  const rules = Object.values(exact)
  const estimates = without.flat().filter((name) => !rules.some((rule) => rule.test(name)))
  expect(estimates.toSorted()).toEqual([])
})
