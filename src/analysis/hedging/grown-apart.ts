/** Whether three SAEs are what hedging is measured between: one trained on with new latents, one without, both from the same narrow SAE. */
import { canonicalJson } from "../../json/canonical-json.ts"
import type { Json } from "../../json/canonical-json.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { readGrownInfo } from "../../sae/dictionaries/grown-info.ts"

type Trained = Pick<SaeHandle, "digest" | "d_in" | "d_sae" | "d_out" | "architecture" | "activations" | "training">

export interface GrownApart {
  readonly narrow: Trained
  readonly grown: Trained
  readonly wide: Trained
}

export interface Wrong {
  readonly problem: string
  readonly remedy: string
}

/** Of the record of a training: how it went, where it began, and the size, which differ. All else was asked for. */
const differing: ReadonlySet<string> = new Set([
  "loss",
  "explained_variance",
  "l0",
  "dead_latents",
  "threshold",
  "input_scale",
  "rows_seen",
  "epochs",
  "init",
  "d_sae",
  // Shares of the latents, in which new ones are a group of their own.
  "groups"
])

const asked = (...trainings: ReadonlyArray<Trained["training"]>): ReadonlyArray<string> =>
  [...new Set(trainings.flatMap((training) => Object.keys(training ?? {})))].filter((name) => !differing.has(name))

/** @returns undefined where they are */
export const grownApartProblem = ({ narrow, grown, wide }: GrownApart): Wrong | undefined => {
  const info = readGrownInfo(grown.training)
  if (info === undefined) {
    return { problem: "`grown` was not made by grow-sae", remedy: "Give what grow-sae made of the narrow SAE." }
  }
  if (wide.training?.["init"] !== grown.digest) {
    return {
      problem: "`wide` was not trained on from `grown`",
      remedy: "Give what train-sae made with `init`: the SAE of grow-sae."
    }
  }
  if (narrow.training?.["init"] !== info.grown) {
    return {
      problem:
        narrow.digest === info.grown
          ? "`narrow` is the SAE that was grown itself: what further training changes would be taken for hedging"
          : "`narrow` was not trained on from the SAE that was grown",
      remedy: "Give what train-sae made with `init`: the narrow SAE, for as many steps as `wide`."
    }
  }
  if (narrow.activations !== wide.activations || narrow.architecture !== wide.architecture) {
    return {
      problem: `\`narrow\` and \`wide\` were trained on other ${narrow.architecture === wide.architecture ? "activations" : "architectures"}`,
      remedy: "Train both alike, but for the new latents."
    }
  }
  const differs = asked(narrow.training, wide.training).find((name) => {
    const [a, b] = [narrow, wide].map(({ training }) => canonicalJson((training?.[name] ?? null) as Json))
    return a !== b
  })
  if (differs !== undefined) {
    const [own, other] = [narrow, wide].map(({ training }) => {
      const value = training?.[differs] ?? null
      return value === null ? "not set" : canonicalJson(value as Json)
    })
    return {
      problem: `\`narrow\` was trained with ${differs} ${own}, \`wide\` with ${other}: the difference would be taken for hedging`,
      remedy: `Train both alike, but for the new latents${differs === "lr" ? ": set lr, which without a value goes by their number" : ""}.`
    }
  }
  return undefined
}
