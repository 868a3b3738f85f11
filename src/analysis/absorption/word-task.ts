/** What absorption is measured of: words whose class is known, and what a model carries at them. */
import type * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { Progress } from "../../stage/progress.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import type { LatentCodes } from "../latent-codes.ts"
import type { Ablate } from "./ablation-absorption.ts"

export type TaskName = "first_letter" | "part_of_speech" | "number" | "capitalisation"

/** The paper's definition, where the model is asked for the class of a word. */
export interface Ablations {
  /** As `wordEffect`; null where it was not measured. */
  readonly effect: number | null
  /** Why nothing is ablated; null where it is. */
  readonly unmeasured: string | null
  readonly ablate: Ablate | undefined
}

/** Row n belongs to word n. */
export interface TaskRows {
  readonly words: ReadonlyArray<string>
  /** Index of each word's class. */
  readonly labels: Uint8Array<ArrayBuffer>
  /** Activations at the word, [words, d_in]. */
  readonly x: Float32Array<ArrayBuffer>
  /** Words that the model was asked about; only those that it answers rightly are rows. */
  readonly asked: number
  /** Whether it was asked at all. */
  readonly answers: boolean
  readonly ablations: (codes: LatentCodes, weights: SaeWeights) => Ablations
}

export interface WordTask {
  readonly name: TaskName
  /** Names of the classes. */
  readonly classes: ReadonlyArray<string>
  /** One of the prompts, as text. */
  readonly example: string
  /** What a class with a poor probe means. */
  readonly needs: string
  readonly leastClasses: number
  /** @param hook of one vector a position */
  readonly rowsAt: (
    hook: string,
    progress: (progress: Progress) => void
  ) => Effect.Effect<TaskRows, StageFailed | ArtifactError>
}
