/** Prompts about entities as tokens of one model, with the place where the entity has been read. */
import * as Effect from "effect/Effect"
import type { EntitiesHandle } from "../../kinds/entities.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { TextTokenizer } from "../../text/tokenizer.ts"

export interface EntityPrompt {
  /** Place of its entity in the list. */
  readonly entity: number
  readonly attribute: string
  readonly label: string
  readonly ids: Int32Array
  /** Of the entity's last token. */
  readonly place: number
}

/**
 * Every template with every entity. Fails for a prompt that is too long, and where a token stands across the entity's end.
 *
 * @param bos put in front, where the model wants one
 */
export const readEntityPrompts = Effect.fn("readEntityPrompts")(function* (
  { entities, templates }: EntitiesHandle,
  tokenizer: TextTokenizer,
  { n_ctx, bos }: { readonly n_ctx: number; readonly bos: number | undefined },
  generated: number
) {
  const before = bos === undefined ? [] : [bos]
  const prompts: Array<EntityPrompt> = []
  for (const [attribute, all] of Object.entries(templates)) {
    for (const template of all) {
      const [head, tail] = template.split("%s") as [string, string]
      for (const [entity, { name, attributes }] of entities.entries()) {
        const ids = tokenizer.encode(head + name + tail)
        const read = tokenizer.encode(head + name)
        const shown = JSON.stringify(head + name + tail)
        if (read.some((id, n) => id !== ids[n])) {
          return yield* stageFailed(
            `in ${shown} no token ends where ${JSON.stringify(name)} does`,
            "Put a space after %s in the prompts."
          )
        }
        if (before.length + ids.length + generated > n_ctx) {
          return yield* stageFailed(
            `${shown} and ${generated} tokens of an answer are longer than the model's ${n_ctx}`,
            "Lower generated_tokens, or give shorter prompts."
          )
        }
        prompts.push({
          entity,
          attribute,
          label: attributes[attribute] ?? "",
          ids: Int32Array.from([...before, ...ids]),
          place: before.length + read.length - 1
        })
      }
    }
  }
  return prompts
})
