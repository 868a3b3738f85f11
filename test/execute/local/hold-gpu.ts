/** A process that takes a GPU and keeps it; says which. */
import * as Effect from "effect/Effect"
import { takeGpus } from "../../../src/execute/local/take-gpus.ts"

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const [gpu] = yield* takeGpus({ gpu: 1, purpose: "another's stage" }, () => {})
      console.log(gpu?.name)
      yield* Effect.never
    })
  )
)
