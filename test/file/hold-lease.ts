/** A process that takes a lease and keeps it: `node hold-lease.ts DIRECTORY`. Says "held" when it has it. */
import * as Effect from "effect/Effect"
import { tryLease } from "../../src/file/lease.ts"

const [directory = ""] = process.argv.slice(2)
await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const attempt = yield* tryLease({ directory, purpose: "a test" })
      console.log(attempt._tag)
      yield* Effect.never
    })
  )
)
