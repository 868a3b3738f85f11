/** The stage write-entities: each prompt with its answer is a context, in words that are symbols. */
import * as Effect from "effect/Effect"
import type { EntitiesHandle } from "../kinds/entities.ts"
import * as Rng from "../random/rng.ts"
import type { Opened } from "../stage/input.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { openSymbolContexts } from "../text/symbol-contexts.ts"
import { beginning } from "./facts.ts"

const words = (text: string): ReadonlyArray<string> => text.split(/\s+/u).filter((word) => word !== "")

export const writeEntitiesStage = Effect.fn("writeEntitiesStage")(function* ({
  inputs,
  params,
  output
}: StageContext<
  { readonly repeats: number; readonly seed: number },
  unknown,
  { readonly entities: Opened<EntitiesHandle> }
>) {
  const { entities, templates } = inputs.entities.value
  const ids = new Map<string, number>([[beginning, 0]])
  const id = (word: string): number => ids.get(word) ?? ids.set(word, ids.size).size - 1
  const contexts = Object.entries(templates).flatMap(([attribute, prompts]) =>
    prompts.flatMap((prompt) =>
      // As a function: the name may have a $.
      entities.map(({ name, attributes }) =>
        [beginning, ...words(prompt.replace("%s", () => name)), ...words(attributes[attribute] ?? "")].map(id)
      )
    )
  )
  const size = contexts[0]?.length ?? 0
  const other = contexts.find(({ length }) => length !== size)
  if (other !== undefined) {
    return yield* stageFailed(
      `prompts with their answers are ${size} words, and one is ${other.length}`,
      "Give entities, prompts and labels that have as many words each (make-entities)."
    )
  }
  const text = yield* openSymbolContexts(output, { symbols: [...ids.keys()], context_size: size, source: "entities" })
  const rng = Rng.make(params.seed, "order of entities")
  for (let time = 0; time < params.repeats; time++) {
    yield* text.append(Array.from(rng.permutation(contexts.length), (n) => contexts[n] as ReadonlyArray<number>))
  }
  const written = yield* text.finish()
  return { contexts: written.contexts }
}, Effect.scoped)
