/** Digests that the lock files of a project name. One that cannot be read fails: it may name anything. */
import { globSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import * as Effect from "effect/Effect"
import { readLock } from "../lock/read-lock.ts"
import type { Project } from "../config/locate-project.ts"

export const lockDigests = Effect.fnUntraced(function* ({ directory, cache }: Project) {
  const inside = relative(directory, cache)
  const files = globSync("**/*.lock.yaml", {
    cwd: directory,
    exclude: (name) => name === "node_modules" || name === ".git" || name === inside
  })
  const digests = new Set<string>()
  for (const file of files) {
    const path = join(directory, file)
    const { lock } = yield* Effect.fromResult(
      readLock(relative(process.cwd(), path), readFileSync(path, "utf8"), file.replace(/\.lock\.yaml$/, ".yaml"))
    )
    for (const { digest } of Object.values(lock.stages)) digests.add(digest)
  }
  return digests
})
