/** What computing a stage twice has shown. */
import type { Verified } from "../../experiment/verify-determinism.ts"

/** Files named at most. */
const NAMED = 8

export const verifiedText = ({ id, same, digests, files, metrics, asStored }: Verified): string => {
  if (same) {
    const other = asStored ? "" : "; the store's result for this key is another one: another engine or machine made it"
    return `${id}: twice the same, ${digests[0].slice(0, 12)}${other}`
  }
  const more = files.length > NAMED ? `, and ${files.length - NAMED} more` : ""
  return [
    `${id}: NOT DETERMINISTIC, ${digests[0].slice(0, 12)} and ${digests[1].slice(0, 12)}`,
    `    files that differ: ${files.slice(0, NAMED).join(", ")}${more}`,
    ...metrics.map(({ name, first, second }) => `    ${name} ${first ?? "none"}, then ${second ?? "none"}`)
  ].join("\n")
}
