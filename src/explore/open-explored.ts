/** An SAE of the store with the model that its rows are of, opened for an explorer. */
import * as Effect from "effect/Effect"
import { Activations } from "../kinds/activations/activations.ts"
import { LanguageModel } from "../kinds/language-model/language-model.ts"
import { Sae } from "../kinds/sae/sae.ts"
import { endTokens } from "../model/end-tokens.ts"
import { openModel } from "../model/open-model.ts"
import { openSaeModel } from "../sae/sae-model.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { Store } from "../store/store.ts"
import { openTokenizer } from "../text/open-tokenizer.ts"
import type { Explored } from "./explorer.ts"

/** Its tensors live as long as the scope. */
export const openExploredModel = Effect.fn("openExploredModel")(function* (digest: string) {
  const artifact = yield* (yield* Store).artifact(digest)
  const handle = yield* LanguageModel.open(artifact)
  return {
    model: yield* openModel(handle),
    tokenizer: yield* openTokenizer(handle.tokenizer),
    ends: endTokens(handle.config)
  }
})

type ExploredModel = Effect.Success<ReturnType<typeof openExploredModel>>

/** @param modelOf opens a model, or has it open: several SAEs are of one */
export const openExplored = Effect.fn("openExplored")(function* <E, R>(
  digest: string,
  modelOf: (digest: string) => Effect.Effect<ExploredModel, E, R>
) {
  const store = yield* Store
  const sae = yield* Sae.open(yield* store.artifact(digest))
  const { hook, model, activations } = sae
  if (hook === null || model === null || activations === null) {
    return yield* stageFailed(
      "of this SAE it is not known on which model's activations it was trained",
      "Choose one that was trained here, on activations of a language model."
    )
  }
  const { contexts } = yield* Activations.open(yield* store.artifact(activations))
  const weights = yield* sae.anyWeights
  return {
    ...(yield* modelOf(model)),
    weights,
    sae: yield* openSaeModel(weights),
    hook,
    bos: contexts.bos_id
  } satisfies Explored
})
