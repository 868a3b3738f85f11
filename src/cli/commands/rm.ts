/** `pipeline rm FILE STAGE`: results leave the store, and are computed again when they are wanted; with `--yes`. */
import * as Effect from "effect/Effect"
import { unwritable } from "../../file/unwritable.ts"
import { keyOwner } from "../../store/local/claim-key.ts"
import { forget, planForget } from "../../store/local/forget.ts"
import { readPins } from "../../store/local/pins.ts"
import { namedResults } from "../experiment/named-results.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { RmInput } from "../flags/store-flags.ts"
import { formatBytes, formatTable } from "../render/words.ts"
import { costText } from "./cache-gc.ts"

export const rm = Effect.fn("rm")(function* (input: RmInput) {
  const { project, found } = yield* namedResults(input)
  const root = project.cache
  if (found.length === 0) return yield* new UsageError({ problem: `${input.stage} has no result in ${root}` })
  const pinned = new Set((yield* Effect.promise(() => readPins(root))).map(({ key }) => key))
  for (const {
    id,
    found: { key }
  } of found) {
    if (pinned.has(key)) {
      return yield* new UsageError({ problem: `${id} is pinned: \`pipeline unpin ${input.file} '${id}'\` first` })
    }
    const owner = yield* keyOwner(root, key)
    if (owner !== undefined) return yield* new UsageError({ problem: `${id} is being computed by ${owner}` })
  }
  const now = Date.now()
  const plan = yield* Effect.promise(() =>
    planForget(
      root,
      found.map(({ found: { key } }) => key)
    )
  )
  const rows = plan.forgets.map(({ key, stage, seconds, gpuSeconds }) => [
    key.slice(0, 12),
    stage,
    costText(seconds, gpuSeconds)
  ])
  process.stdout.write(`${formatTable([["key", "stage", "to compute again"], ...rows])}\n`)
  if (!input.yes) {
    process.stderr.write(`would free ${formatBytes(plan.bytes)}; nothing is removed yet: --yes does it\n`)
    return
  }
  const freed = yield* Effect.tryPromise({ try: () => forget(root, plan, now), catch: unwritable(root) })
  process.stderr.write(`freed ${formatBytes(freed)} in ${root}; the next run computes what it needs of this\n`)
})
