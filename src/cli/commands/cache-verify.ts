/** `pipeline cache verify`: reads every byte of the store; what differs from its digest goes to quarantine. Exit code 1. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { Store } from "../../store/store.ts"
import type { CacheInput } from "../flags/store-flags.ts"
import { withStore } from "../../experiment/load-experiment.ts"
import { count, formatBytes } from "../render/words.ts"
import { projectHere } from "../experiment/project-here.ts"

class StoreDamaged extends Data.TaggedError("StoreDamaged")<{ readonly damaged: number }> {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `${count(this.damaged, "damaged file")} went to quarantine; the next run that needs one computes it again`
  }
}

export const cacheVerify = Effect.fn("cacheVerify")(function* (input: CacheInput) {
  const { cache } = yield* projectHere(input.cache)
  const report = yield* withStore(
    cache,
    Effect.flatMap(Store, (store) => store.verify())
  )
  if (input.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else {
    for (const { what, name, usedBy, quarantine } of report.damaged) {
      const used = usedBy.map(({ digest, path }) => `${path} of ${digest.slice(0, 12)}`).join(", ")
      process.stdout.write(`damaged ${what} ${name}${used === "" ? "" : ` (${used})`}, now ${quarantine}\n`)
    }
    const read = `${count(report.objects, "object")}, ${formatBytes(report.bytes)}, ${count(report.actions, "action record")}`
    process.stderr.write(`${read} read in ${cache}\n`)
  }
  if (report.damaged.length > 0) return yield* new StoreDamaged({ damaged: report.damaged.length })
})
