/**
 * What an `hf:` source names: `hf:org/name`, `hf:org/name@revision`, `hf:datasets/org/name@revision`, each with an
 * optional path below the repository: `hf:google/gemma-scope-2b-pt-res@main/layer_12/width_16k/average_l0_82`.
 */
export interface HubName {
  readonly type: "model" | "dataset"
  /** `org/name`, or the name alone of the hub's oldest repositories. */
  readonly repo: string
  /** Branch, tag, commit, or `refs/pr/1`. */
  readonly revision: string
  /** A folder or a file of the repository, `*` standing for any part of a name; "" for all of it. */
  readonly path: string
}

/** The hub's own rule for each part of a repository's name. */
const part = "[A-Za-z0-9](?:[\\w.-]{0,94}[A-Za-z0-9])?"
const form = new RegExp(
  `^hf:(datasets/)?(${part}/${part}|${part}(?=@|$))(?:@(refs/(?:pr|convert)/[^/@]+|[^/@]+))?(?:/([^@]+?))?/?$`
)

/** A commit's full name: such a revision needs no look-up, and never moves. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

/** `undefined` where the text is no such name. A `/` in the name of a branch is written `%2F`. */
export const parseHubName = (uri: string): HubName | undefined => {
  const found = form.exec(uri)
  if (found === null) return undefined
  const [, dataset, repo, revision = "main", path = ""] = found
  const parts = path === "" ? [] : path.split("/")
  if (parts.some((name) => name === "" || name === "." || name === "..")) return undefined
  return {
    type: dataset === undefined ? "model" : "dataset",
    repo: repo as string,
    revision: revision.replaceAll(/%2f/gi, "/"),
    path
  }
}

/** The same source with a commit for its revision. */
export const pinnedHubName = (uri: string, commit: string): string => {
  const name = parseHubName(uri)
  if (name === undefined) return uri
  return `hf:${name.type === "dataset" ? "datasets/" : ""}${name.repo}@${commit}${name.path === "" ? "" : `/${name.path}`}`
}
