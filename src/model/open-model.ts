/** A model that a stage was given, ready to run. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { loadModel } from "./load-model.ts"

/** Its weights are freed with the scope. Fails with what the person can do, where it cannot be run. */
export const openModel = (handle: Pick<LanguageModelHandle, "config" | "weights">) =>
  loadModel(handle).pipe(Effect.catchTag("ModelError", (error) => Effect.fail(stageFailed(error.message))))
