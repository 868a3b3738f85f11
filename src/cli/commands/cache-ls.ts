/** `pipeline cache ls`: what the store holds, largest first. */
import * as Effect from "effect/Effect"
import { Store } from "../../store/store.ts"
import type { CacheInput } from "../flags/flags.ts"
import { withStore } from "../../experiment/load-experiment.ts"
import { count, formatBytes, formatTable } from "../render/words.ts"
import { projectHere } from "../experiment/project-here.ts"

export const cacheLs = Effect.fn("cacheLs")(function* (input: CacheInput) {
  const { cache } = yield* projectHere(input.cache)
  const artifacts = (yield* withStore(
    cache,
    Effect.flatMap(Store, (store) => store.list)
  )).toSorted((a, b) => b.present - a.present)
  if (input.json) {
    process.stdout.write(`${JSON.stringify(artifacts, null, 2)}\n`)
    return
  }
  const rows = artifacts.map(({ digest, kind, size, present, keys }) => [
    digest.slice(0, 12),
    kind,
    size === null || present === 0
      ? "bytes gone"
      : present < size
        ? `${formatBytes(present)} of ${formatBytes(size)}`
        : formatBytes(size),
    [...new Set(keys.map(({ stage }) => stage))].join(" ")
  ])
  if (rows.length > 0) process.stdout.write(`${formatTable(rows)}\n`)
  const total = artifacts.reduce((sum, { present }) => sum + present, 0)
  process.stderr.write(`${count(artifacts.length, "artifact")}, ${formatBytes(total)}, in ${cache}\n`)
})
