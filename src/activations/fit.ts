/** Whether what a stage is given belongs together: an SAE, the activations that it reads, the model that they are of. */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../kinds/sae/sae-handle.ts"
import { type StageFailed, stageFailed } from "../stage/stage-failed.ts"
import { misaligned } from "./aligned-activations.ts"

type Fit = Effect.Effect<void, StageFailed>

const unless = (fits: boolean, problem: string, remedy: string): Fit =>
  fits ? Effect.void : Effect.fail(stageFailed(problem, remedy))

/** The rows are what the SAE reads. @param name what the SAE is called in messages */
export const requireReads = Effect.fnUntraced(function* (
  sae: Pick<SaeHandle, "rows" | "d_in" | "hook">,
  activations: Pick<ActivationsHandle, "d_in" | "hook">,
  name = "the SAE"
) {
  if (sae.rows !== "activations") {
    const what = sae.rows === "decoder" ? "decoder directions of another SAE" : `${sae.rows} rows`
    return yield* stageFailed(`${name} reads ${what}, not the activations of one hook`, "Give an SAE of activations.")
  }
  if (sae.hook !== null && sae.hook !== activations.hook) {
    return yield* stageFailed(
      `${name} was trained at ${sae.hook}, the activations are of ${activations.hook}`,
      `Give activations of ${sae.hook}. If that is another name of the same hook, say so with import-sae's hook.`
    )
  }
  if (sae.d_in !== activations.d_in) {
    return yield* stageFailed(
      `${name} reads rows of ${sae.d_in} numbers, the activations of ${activations.hook} have ${activations.d_in}`,
      "Give activations of the model and the hook that it was trained on."
    )
  }
})

/** `model` is the one that the activations are of. */
export const requireModelOf = (
  activations: Pick<ActivationsHandle, "model" | "hook">,
  model: Pick<LanguageModelHandle, "digest">
): Fit =>
  unless(
    activations.model === model.digest,
    `the activations of ${activations.hook} are of ${activations.model === "" ? "no model" : `model ${activations.model.slice(0, 8)}`}, the model given is ${model.digest.slice(0, 8)}`,
    activations.model === "" ? "Leave model out." : "Give the model that they were captured from."
  )

/** Of a transcoder a target is given, of an autoencoder none; rows of both are of the same tokens. */
export const requireTarget = Effect.fnUntraced(function* (
  sae: Pick<SaeHandle, "d_out" | "training">,
  activations: ActivationsHandle,
  target: ActivationsHandle | undefined
) {
  if (target === undefined) {
    return yield* unless(
      sae.d_out === null,
      "the SAE is a transcoder, whose output is another activation than its input",
      "Give its target."
    )
  }
  if (sae.d_out === null) {
    return yield* stageFailed("the SAE is no transcoder: what it has to give is what it reads", "Leave target out.")
  }
  yield* requireAligned([activations, target])
  const trained = sae.training?.["hook_out"]
  const remedy = "Give activations of the hook that it was trained to give."
  if (trained !== undefined && trained !== target.hook) {
    return yield* stageFailed(
      `the transcoder was trained to give ${String(trained)}, the target is of ${target.hook}`,
      remedy
    )
  }
  yield* unless(
    sae.d_out === target.d_in,
    `the transcoder gives rows of ${sae.d_out} numbers, the target has ${target.d_in}`,
    remedy
  )
})

/** Row i of each is the same token of the same text. */
export const requireAligned = (all: ReadonlyArray<ActivationsHandle>): Fit => {
  const wrong = misaligned(all)
  return wrong === undefined
    ? Effect.void
    : Effect.fail(stageFailed(wrong, "Capture all of them on one text, with one seed."))
}

export const requireHeldOut = ({ held_out: set }: Pick<ActivationsHandle, "held_out">): Fit =>
  unless(set.rows > 0, "no rows are held out", "Capture with a greater held_out_fraction, or more text.")

/** @param rows how many are needed at least */
export const requireTrainingRows = ({ train }: Pick<ActivationsHandle, "train">, rows = 1): Fit =>
  unless(
    train.rows >= rows,
    train.rows === 0
      ? "there are no training rows"
      : `there are ${train.rows} training rows, at least ${rows} are needed`,
    "Capture more text."
  )

/** Rows in the order of the text, whose contexts are wanted with them. */
export const requireTextOrder = ({ order }: Pick<ActivationsHandle, "order">): Fit =>
  unless(order.by === "tokens", "the activations are shuffled", "Give those that they were shuffled from.")
