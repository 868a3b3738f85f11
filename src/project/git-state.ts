/** Which commit a folder's files are of, as git tells it: for provenance, never for a key. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import * as Schema from "effect/Schema"

export const GitState = Schema.Struct({
  commit: Schema.String,
  /** Something below the folder differs from the commit, or is not in it and not ignored. */
  dirty: Schema.Boolean
})
export type GitState = typeof GitState.Type

/** A repository of millions of files must not hold a run up. */
const TIMEOUT_MS = 10_000
/** Names of changed files: only whether there is one matters. */
const MOST_OUTPUT = 64 * 2 ** 20

/** Null where the folder is in no repository, the repository has no commit, or there is no git. */
export const gitState = async (directory: string): Promise<GitState | null> => {
  // Without its optional lock a `git status` beside the user's own git does not get in its way.
  const env = { ...process.env, GIT_OPTIONAL_LOCKS: "0" }
  const status = ["-C", directory, "status", "--porcelain=v2", "--branch", "--", "."]
  const asked = promisify(execFile)("git", status, { env, timeout: TIMEOUT_MS, maxBuffer: MOST_OUTPUT })
  const text = await asked.then(({ stdout }) => stdout).catch(() => "")
  const commit = /^# branch\.oid ([0-9a-f]+)$/m.exec(text)?.[1]
  return commit === undefined ? null : { commit, dirty: /^[^#]/m.test(text) }
}
