/** Prompts that the model answers right, those of some entities held out for the measurement. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { EntitiesHandle } from "../../kinds/entities.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import * as Rng from "../../random/rng.ts"
import { type KeptParts, noParts } from "../../stage/kept-parts.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { KnownPrompt } from "./entity-pairs.ts"
import type { EntityPrompt } from "./entity-prompts.ts"
import { type CompletionOptions, completions } from "./prompt-runs.ts"

/** Of each prompt of a pass: the first token of its completion where that tells the label; null: it does not. */
const FirstTokens = Schema.Array(Schema.NullOr(Schema.Int))

/** @param kept where passes that are done are kept */
export const knownPrompts = Effect.fnUntraced(function* (
  model: RunnableModel,
  prompts: ReadonlyArray<EntityPrompt>,
  batch: number,
  options: Pick<CompletionOptions, "tokens" | "decode">,
  kept: KeptParts = noParts
) {
  const known: Array<KnownPrompt> = []
  for (let begin = 0; begin < prompts.length; begin += batch) {
    const some = prompts.slice(begin, begin + batch)
    const { json } = yield* kept.part(
      `prompts known, from ${begin}`,
      FirstTokens,
      Effect.sync(() => {
        const found = completions(model, some, { ...options, labels: some.map(({ label }) => label) })
        return { json: found.map(({ tells, first }) => (tells ? first : null)), tensors: {} }
      })
    )
    for (const [n, first] of json.entries()) {
      if (first !== null) known.push({ ...some[n]!, row: begin + n, first })
    }
  }
  return known
})

export interface SplitPrompts {
  readonly train: ReadonlyArray<KnownPrompt>
  readonly test: ReadonlyArray<KnownPrompt>
}

/** Entities of which too few are known tell nothing. */
const leastEntities = 8

/** Fails where the model knows too little, and says which models are said to know more. */
export const splitKnown = Effect.fnUntraced(function* (
  known: ReadonlyArray<KnownPrompt>,
  asked: number,
  { type, models, templates }: EntitiesHandle,
  { least_accuracy, held_out_fraction, seed }: RavelSplit
) {
  const remedy = `Give a model that knows them (${models}), or other entities and prompts.`
  const share = known.length / asked
  if (share < least_accuracy) {
    return yield* stageFailed(
      `the model answers ${(100 * share).toFixed(1)} % of ${asked} prompts about ${type} right, ${100 * least_accuracy} % are asked for: it does not know them`,
      `${remedy} Or lower least_accuracy.`
    )
  }
  const entities = [...new Set(known.map(({ entity }) => entity))]
  const order = Rng.make(seed, "entities held out").permutation(entities.length)
  const held = new Set(
    Array.from(order.subarray(0, Math.ceil(held_out_fraction * entities.length)), (n) => entities[n]!)
  )
  const split: SplitPrompts = {
    train: known.filter(({ entity }) => !held.has(entity)),
    test: known.filter(({ entity }) => held.has(entity))
  }
  for (const attribute of Object.keys(templates)) {
    for (const [part, prompts] of Object.entries(split)) {
      const own = (prompts as ReadonlyArray<KnownPrompt>).filter((prompt) => prompt.attribute === attribute)
      const [some, labels] = [new Set(own.map(({ entity }) => entity)), new Set(own.map(({ label }) => label))]
      if (some.size >= leastEntities && labels.size > 1) continue
      return yield* stageFailed(
        `of the ${part === "test" ? "held-out" : "other"} entities the model knows ${attribute} of ${some.size}, with ${labels.size} different answers; ${leastEntities} with two are needed`,
        remedy
      )
    }
  }
  return split
})

export interface RavelSplit {
  readonly least_accuracy: number
  readonly held_out_fraction: number
  readonly seed: number
}
