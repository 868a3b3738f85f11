/** An Sae artifact of given weights, as a stage gets it. */
import * as Effect from "effect/Effect"
import { Sae } from "../../src/kinds/sae/sae.ts"
import type { SaeInfo, SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import { writeSae } from "../../src/kinds/sae/write-sae.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { opened } from "../stage/run-stage.ts"

export const saeArtifact = Effect.fnUntraced(function* (weights: SaeWeights, info: Partial<SaeInfo> = {}) {
  const directory = yield* temporaryDirectory
  yield* writeSae(folderWriter(directory), {
    weights,
    curve: { step: Float64Array.of(1) },
    info: {
      architecture: "batch_topk",
      k: null,
      hook: "blocks.0.hook_resid_post",
      model: null,
      activations: null,
      rows: "activations",
      training: null,
      ...info
    }
  })
  return yield* opened(Sae, folderArtifact(directory, "Sae"))
})
