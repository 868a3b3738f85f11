/** What a moving name (a branch, the newest version) is taken as: what it was when the experiment was locked. */
import type { Lock } from "./lock.ts"

/**
 * The instance's own pin; for one that is not locked yet, that of another with the same source, so that one run has one
 * revision. Undefined where the source is written otherwise than it was.
 */
export const pinOf = (lock: Lock | undefined, instance: string, name: string, uri: string): string | undefined => {
  const own = lock?.stages[instance]?.sources?.[name]
  if (own?.uri === uri) return own.pin
  return Object.values(lock?.stages ?? {})
    .flatMap(({ sources = {} }) => Object.values(sources))
    .find((source) => source.uri === uri && source.pin !== undefined)?.pin
}
