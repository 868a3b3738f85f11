/** `pipeline pin FILE STAGE` and `unpin`: results that no clean-up takes. */
import * as Effect from "effect/Effect"
import { unwritable } from "../../file/unwritable.ts"
import { readPins, removePin, writePin } from "../../store/local/pins.ts"
import { namedResults } from "../experiment/named-results.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { PinInput } from "../flags/store-flags.ts"
import { count } from "../render/words.ts"

export const pin = Effect.fn("pin")(function* (input: PinInput) {
  const { project, experiment, found } = yield* namedResults(input)
  if (found.length === 0) {
    return yield* new UsageError({
      problem: `${input.stage} has no result in ${project.cache}; \`pipeline run\` makes it`
    })
  }
  for (const {
    id,
    found: { key, digest }
  } of found) {
    yield* Effect.tryPromise({
      try: () => writePin(project.cache, { key, digest, stage: id, experiment }),
      catch: unwritable(project.cache)
    })
    process.stdout.write(`pinned ${id}: ${digest.slice(0, 12)}\n`)
  }
})

/** By name: a pin of an earlier result of the stage goes, too. */
export const unpin = Effect.fn("unpin")(function* (input: PinInput) {
  const { project, experiment, ids } = yield* namedResults(input)
  const pins = yield* Effect.tryPromise({
    try: () => readPins(project.cache),
    catch: (cause) => new UsageError({ problem: String(cause) })
  })
  const named = pins.filter((each) => each.experiment === experiment && ids.includes(each.stage))
  for (const { key } of named) {
    yield* Effect.tryPromise({ try: () => removePin(project.cache, key), catch: unwritable(project.cache) })
  }
  process.stderr.write(`${count(named.length, "pin")} removed\n`)
})
