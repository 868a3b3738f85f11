import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { listenForStop } from "../../../src/execute/worker/stop-request.ts"

it("a checkpoint that is written beside its stage is told once it is safe, with how far the stage had come when it began", async () => {
  let done = 1
  const told: Array<number> = []
  const begun = listenForStop(undefined).watched(
    {
      load: Effect.succeed(undefined),
      due: () => true,
      save: () => Effect.die("to be begun"),
      begin: () => Effect.succeed(Effect.void)
    },
    () => {
      const at = done
      return () => void told.push(at)
    }
  ).begin!
  const safe = await Effect.runPromise(begun({ json: null, tensors: {} }))
  done = 2
  expect(told).toEqual([])
  await Effect.runPromise(safe)
  expect(told).toEqual([1])
})
