/**
 * Requests to the hub: the token goes to the hub's own origin and nowhere else, and what the hub refuses becomes a
 * `HubProblem` that says what to do. No message holds a header of a request.
 */
import * as Data from "effect/Data"
import type { HubSettings } from "./hub-settings.ts"

export class HubProblem extends Data.TaggedError("HubProblem")<{
  /** network: nothing was answered. busy: the hub answers later. */
  readonly reason: "network" | "busy" | "refused" | "missing" | "damaged"
  readonly problem: string
  readonly remedy: string
}> {
  override get message(): string {
    return `${this.problem}; ${this.remedy}`
  }
}

const proxyHint = (): string =>
  process.env["HTTPS_PROXY"] === undefined && process.env["https_proxy"] === undefined
    ? ""
    : " (HTTPS_PROXY is set: Node follows it where NODE_USE_ENV_PROXY=1 is set too)"

const causeOf = (error: unknown): string => {
  const { cause } = error as { readonly cause?: unknown }
  if (cause instanceof Error) return cause.message || String((cause as NodeJS.ErrnoException).code)
  return error instanceof Error ? error.message : String(error)
}

export const networkProblem = (settings: HubSettings, error: unknown): HubProblem =>
  new HubProblem({
    reason: "network",
    problem: `${settings.endpoint} cannot be reached: ${causeOf(error)}`,
    remedy: `check the network${proxyHint()}, or set HF_HUB_OFFLINE=1 where everything is in the cache ${settings.cache}`
  })

/** What the person can do about a request that the hub refused. */
const refusal = (response: Response, repo: string, page: string, hasToken: boolean, writes: boolean): HubProblem => {
  const { status } = response
  const code = response.headers.get("X-Error-Code") ?? ""
  const said = response.headers.get("X-Error-Message")
  const detail = said === null ? `status ${status}` : `${said} (status ${status})`
  const refused = (problem: string, remedy: string) => new HubProblem({ reason: "refused", problem, remedy })
  const missing = (problem: string, remedy: string) => new HubProblem({ reason: "missing", problem, remedy })
  const login = "set HF_TOKEN to a token of your account (https://huggingface.co/settings/tokens)"
  if (writes && (status === 401 || status === 403)) {
    return refused(
      `HF_TOKEN may not write to ${repo}: ${detail}`,
      "take a token that may write, of an account that owns it (https://huggingface.co/settings/tokens)"
    )
  }
  if (code === "GatedRepo" || status === 403) {
    return refused(
      `${repo} is gated: ${detail}`,
      `accept its conditions at ${page} with your account${hasToken ? ", with the account that HF_TOKEN belongs to" : `, then ${login}`}`
    )
  }
  if (code === "RevisionNotFound")
    return missing(`${repo} has no such revision`, `see ${page}/tree/main for its branches`)
  if (code === "EntryNotFound") return missing(`${repo} has no such file`, `see ${page}/tree/main for its files`)
  if (status === 401 || code === "RepoNotFound" || status === 404) {
    return missing(
      `there is no repository ${repo}, or it is private: ${detail}`,
      hasToken ? "check the name, and that HF_TOKEN may read it" : `check the name; for a private one ${login}`
    )
  }
  if (status === 429 || status >= 500) {
    return new HubProblem({ reason: "busy", problem: `the hub answers ${detail}`, remedy: "run again later" })
  }
  return refused(`the hub answers ${detail} for ${repo}`, `see ${page}`)
}

export const repoPage = ({ endpoint }: HubSettings, repo: { readonly type: string; readonly repo: string }): string =>
  `${endpoint}/${repo.type === "dataset" ? "datasets/" : ""}${repo.repo}`

/** A `fetch` for one repository. Rejects with a `HubProblem`. */
export const hubFetch = (
  settings: HubSettings,
  repo: { readonly type: "model" | "dataset"; readonly repo: string }
): typeof fetch => {
  const { origin } = new URL(settings.endpoint)
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const headers = new Headers(init?.headers)
    const token = url.origin === origin ? settings.token() : undefined
    // What Node would say of such a header has the token in it.
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw new HubProblem({
        reason: "refused",
        problem: "HF_TOKEN holds characters that no token has",
        remedy: "set it to a token from https://huggingface.co/settings/tokens, or unset it"
      })
    }
    if (token !== undefined) headers.set("Authorization", `Bearer ${token}`)
    headers.set("User-Agent", "sae-pipeline")
    const response = await fetch(url, { ...init, headers }).catch((error: unknown) => {
      throw networkProblem(settings, error)
    })
    if (response.ok) return response
    await response.body?.cancel()
    const writes = (init?.method ?? "GET") !== "GET" && init?.method !== "HEAD"
    throw refusal(response, repo.repo, repoPage(settings, repo), token !== undefined, writes)
  }
}
