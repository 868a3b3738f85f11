/**
 * `$OUTPUT/metrics.json`, where the program wrote one. The stage's work is done by then, so nothing in it fails the stage:
 * nested maps are flattened to `train.loss`, and what is no number is left out and named in the log.
 */
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { Metrics } from "../artifact/artifact.ts"

/** More names than these are counted, not listed. */
const shown = 8

/** Python writes NaN and infinities as bare words, which are no JSON. Outside strings they become null. */
const withoutBareWords = (text: string): string =>
  text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (found) => (found.startsWith('"') ? found : "null"))

export interface FlatMetrics {
  readonly metrics: Metrics
  /** What was left out: a path, or what is wrong with the whole. */
  readonly left: ReadonlyArray<string>
}

/** Numbers by their path; a name with a dot of its own may meet a path, and then the first one counts. */
export const flatMetrics = (text: string): FlatMetrics => {
  let value: unknown
  try {
    value = JSON.parse(withoutBareWords(text))
  } catch (cause) {
    return { metrics: {}, left: [`all of it, which is no JSON (${String(cause)})`] }
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { metrics: {}, left: ["all of it, which is no map"] }
  }
  const metrics: Record<string, number> = Object.create(null) as Record<string, number>
  const left: Array<string> = []
  const visit = (part: object, path: string): void => {
    for (const [name, inner] of Object.entries(part) as ReadonlyArray<readonly [string, unknown]>) {
      const at = path === "" ? name : `${path}.${name}`
      if (typeof inner === "number" && Number.isFinite(inner) && !Object.hasOwn(metrics, at)) metrics[at] = inner
      else if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) visit(inner, at)
      else left.push(at)
    }
  }
  visit(value, "")
  return { metrics: { ...metrics }, left }
}

export const readMetrics = Effect.fn("readMetrics")(function* (directory: string, log: (line: string) => void) {
  const path = join(directory, "metrics.json")
  // Most write none, and being refused takes longer than asking.
  if (!existsSync(path)) return {}
  const text = yield* Effect.promise(() => readFile(path, "utf8").catch(() => undefined))
  if (text === undefined) return {}
  const { metrics, left } = flatMetrics(text)
  if (left.length > 0) {
    const names = left.slice(0, shown).join(", ") + (left.length > shown ? ` and ${left.length - shown} more` : "")
    log(`warning: metrics.json: left out what is no finite number: ${names}`)
  }
  return metrics
})
