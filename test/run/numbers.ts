/** An artifact kind of the tests: a list of numbers, and bytes beside it. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../src/artifact/artifact-error.ts"
import { makeKind } from "../../src/artifact/artifact-kind.ts"

export interface NumbersHandle {
  readonly values: ReadonlyArray<number>
}

export const Numbers = makeKind({
  name: "Numbers",
  version: 1,
  description: "a list of numbers",
  open: (artifact) =>
    Effect.flatMap(artifact.readText("numbers.json"), (text) => {
      const values = JSON.parse(text) as unknown
      return Array.isArray(values) && values.every((value) => typeof value === "number")
        ? Effect.succeed<NumbersHandle>({ values })
        : Effect.fail(
            new ArtifactError({
              reason: "invalid",
              digest: artifact.digest,
              path: "numbers.json",
              detail: "not a list of numbers"
            })
          )
    })
})
