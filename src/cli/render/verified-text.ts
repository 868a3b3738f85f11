/** What computing a stage twice has shown. */
import { someOf } from "../../words/some-of.ts"
import type { Verified } from "../../experiment/verify-determinism.ts"

/** Files named at most. */
const NAMED = 8

export const verifiedText = ({ id, same, digests, files, metrics, asStored }: Verified): string => {
  if (same) {
    const other = asStored ? "" : "; the store's result for this key is another one: another engine or machine made it"
    return `${id}: twice the same, ${digests[0].slice(0, 12)}${other}`
  }
  return [
    `${id}: NOT DETERMINISTIC, ${digests[0].slice(0, 12)} and ${digests[1].slice(0, 12)}`,
    `    files that differ: ${someOf(files, NAMED)}`,
    ...metrics.map(({ name, first, second }) => `    ${name} ${first ?? "none"}, then ${second ?? "none"}`)
  ].join("\n")
}
