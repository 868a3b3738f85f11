/** `pipeline cache ls`: what the store holds, largest first. */
import * as Effect from "effect/Effect"
import { canonicalJson } from "../../json/canonical-json.ts"
import { Store } from "../../store/store.ts"
import type { StoredArtifact } from "../../store/store.ts"
import { cutText } from "../../words/fit-text.ts"
import type { CacheInput } from "../flags/store-flags.ts"
import { withStore } from "../../experiment/load-experiment.ts"
import { columns } from "../render/columns.ts"
import { count, formatBytes, formatTable } from "../render/words.ts"
import { projectHere } from "../experiment/project-here.ts"

type Use = StoredArtifact["keys"][number]

/** `20261127-230321-22cf` to `2026-11-27 23:03`. */
const startOf = (run: string): string => run.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d).*$/, "$1-$2-$3 $4:$5")

/** Longer values of a parameter are cut. */
const LONGEST_VALUE = 32

const stagesOf = ({ keys }: StoredArtifact): string => [...new Set(keys.map(({ stage }) => stage))].join(" ")

/** What tells the artifacts of one stage apart: the parameters in which they differ. */
const differences = (artifacts: ReadonlyArray<StoredArtifact>): ReadonlyMap<StoredArtifact, string> => {
  const alike = Map.groupBy(artifacts, stagesOf)
  return new Map(
    artifacts.map((artifact) => {
      const uses = (alike.get(stagesOf(artifact)) ?? []).flatMap(({ keys }) => keys.slice(0, 1))
      const names = [...new Set(uses.flatMap(({ params }) => Object.keys(params)))]
      const valueOf = ({ params }: Use, name: string): string => {
        const value = params[name]
        return value === undefined ? "default" : canonicalJson(value)
      }
      const telling = names.filter((name) => new Set(uses.map((use) => valueOf(use, name))).size > 1)
      const [own] = artifact.keys
      const text =
        own === undefined ? [] : telling.map((name) => `${name}=${cutText(valueOf(own, name), LONGEST_VALUE)}`)
      return [artifact, text.join(" ")]
    })
  )
}

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
  const differing = differences(artifacts)
  const rows = artifacts.map((artifact) => {
    const { digest, kind, size, present, keys } = artifact
    return [
      digest.slice(0, 12),
      kind,
      size === null || present === 0
        ? "bytes gone"
        : present < size
          ? `${formatBytes(present)} of ${formatBytes(size)}`
          : formatBytes(size),
      startOf(keys[0]?.run ?? ""),
      stagesOf(artifact),
      [[...new Set(keys.map(({ experiment }) => experiment))].join(" "), differing.get(artifact) ?? ""]
        .filter((part) => part !== "")
        .join(": ")
    ]
  })
  if (rows.length > 0) process.stdout.write(`${formatTable(rows, columns())}\n`)
  const total = artifacts.reduce((sum, { present }) => sum + present, 0)
  process.stderr.write(`${count(artifacts.length, "artifact")}, ${formatBytes(total)}, in ${cache}\n`)
})
