/** A model that a stage was given, ready to run. */
import * as Effect from "effect/Effect"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ModelError } from "./decoder/model-error.ts"
import type { Precision } from "./precision.ts"
import { type Loadable, loadBody, loadModel } from "./load-model.ts"

const refused = (error: ModelError) => Effect.fail(stageFailed(error.message))

/** Its weights are freed with the scope. Fails with what the person can do, where it cannot be run or gives no logits. */
export const openModel = (handle: Loadable) => Effect.catchTag(loadModel(handle), "ModelError", refused)

/** As `openModel`, for who wants activations alone: a model without a head has these, too. */
export const openBody = (handle: Loadable, precision?: Precision) =>
  Effect.catchTag(loadBody(handle, precision), "ModelError", refused)
