/** What the environment says of the Hugging Face hub, by the variables of its own libraries. */
import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import { isOffline } from "../../project/offline.ts"

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string
  /** The folder with `models--org--name`. */
  readonly cache: string
  /** No request is made: what is in the cache has to do. */
  readonly offline: boolean
  /** Read when a request is made, and kept nowhere. */
  readonly token: () => string | undefined
}

/** What a refusal without a network says. */
export const OFFLINE_REMEDY = "leave out --offline (or unset PIPELINE_OFFLINE, HF_HUB_OFFLINE) to fetch it"

const isTrue = (text: string | undefined): boolean => /^(1|on|yes|true)$/i.test(text ?? "")

const expanded = (path: string): string => path.replace(/^~(?=$|\/)/, homedir())

export const hubSettings = (env: NodeJS.ProcessEnv = process.env): HubSettings => {
  const home = expanded(env["HF_HOME"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "huggingface"))
  const cache = env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"] || join(home, "hub")
  return {
    endpoint: (env["HF_ENDPOINT"] || "https://huggingface.co").replace(/\/+$/, ""),
    cache: expanded(cache),
    offline: isOffline(env) || isTrue(env["HF_HUB_OFFLINE"]) || isTrue(env["TRANSFORMERS_OFFLINE"]),
    token: () => {
      const named = (env["HF_TOKEN"] || env["HUGGING_FACE_HUB_TOKEN"] || "").trim()
      if (named !== "") return named
      // Where `hf auth login` of the Python library puts it.
      const file = expanded(env["HF_TOKEN_PATH"] || join(home, "token"))
      const stored = existsSync(file) ? readFileSync(file, "utf8").trim() : ""
      return stored === "" ? undefined : stored
    }
  }
}
