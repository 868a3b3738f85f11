/** Whether a meta-SAE is one, and of which SAE's decoder. */
import * as Effect from "effect/Effect"
import { readMetaLatents } from "../../kinds/sae/meta-latents.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"
import { stageFailed } from "../../stage/stage-failed.ts"

/** What `meta.json` says. Fails where it was not trained on the decoder of `sae`. */
export const requireMetaOf = Effect.fnUntraced(function* (meta: Opened<SaeHandle>, sae: Opened<SaeHandle>) {
  const file = yield* readMetaLatents(meta.artifact)
  if (file === undefined) {
    return yield* stageFailed("what is given as `meta` is no meta-SAE", "Give an artifact of train-meta-sae.")
  }
  const base = meta.value.training?.["base"]
  if (base !== sae.value.digest) {
    return yield* stageFailed(
      `the meta-SAE was trained on the decoder of ${String(base).slice(0, 8)}, and the SAE given is ${sae.value.digest.slice(0, 8)}`,
      "Give the SAE that it was trained on."
    )
  }
  return file
})
