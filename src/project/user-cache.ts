/** Where a user's downloads are kept, shared by all projects: `$XDG_CACHE_HOME/sae-pipeline`, or below `~/.cache`. */
import { homedir } from "node:os"
import { join } from "node:path"

export const userCache = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sae-pipeline")
