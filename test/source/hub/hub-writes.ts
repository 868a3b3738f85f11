/** What the hub answers to somebody who writes: repositories made, uploads asked for and taken, commits. */
import { createHash } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { TestHub, TestRepo } from "./test-hub.ts"

const body = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Array<Buffer> = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

const json = (response: ServerResponse, value: unknown): void => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value))
}

interface Line {
  readonly key: "header" | "file" | "lfsFile"
  readonly value: {
    readonly path: string
    readonly content?: string
    readonly encoding?: string
    readonly oid?: string
  }
}

/** @param large what was uploaded, by sha256 */
export const answerWrite = async (
  hub: TestHub,
  large: Map<string, Buffer>,
  isLarge: (path: string) => boolean,
  request: IncomingMessage,
  response: ServerResponse
): Promise<unknown> => {
  const url = new URL(request.url ?? "", hub.url)
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1]
  const content = await body(request)
  if (token === undefined || !hub.writers.has(token)) {
    const error = "You don't have the rights to create a model under this namespace"
    return response.writeHead(403, { "x-error-message": error }).end(JSON.stringify({ error }))
  }
  if (url.pathname === "/api/repos/create") {
    const { name, organization, visibility } = JSON.parse(content.toString())
    const first = createHash("sha1").update(name).digest("hex")
    const access = visibility === "private" ? { access: "private" as const } : {}
    hub.repos.set(`${organization}/${name}`, { refs: { main: first }, commits: { [first]: {} }, ...access })
    return json(response, { url: `${hub.url}/${organization}/${name}`, id: "1" })
  }
  const [, id = "", action = "", branch = ""] =
    /^\/(?:api\/(?:model|dataset)s\/)?([^/]+\/[^/.]+)(?:\.git)?\/(preupload|commit|info\/lfs\/objects\/batch)(?:\/(.+))?$/.exec(
      url.pathname
    ) ?? []
  const repo = hub.repos.get(id) as TestRepo
  if (action === "preupload") {
    const { files } = JSON.parse(content.toString()) as { readonly files: ReadonlyArray<{ readonly path: string }> }
    return json(response, {
      files: files.map(({ path }) => ({ path, uploadMode: isLarge(path) ? "lfs" : "regular", shouldIgnore: false }))
    })
  }
  if (action === "info/lfs/objects/batch") {
    const { objects } = JSON.parse(content.toString()) as {
      readonly objects: ReadonlyArray<{ readonly oid: string; readonly size: number }>
    }
    const upload = (oid: string) => ({ actions: { upload: { href: `${hub.filesUrl}/${oid}` } } })
    return json(response, {
      transfer: "basic",
      objects: objects.map((object) => ({ ...object, ...(large.has(object.oid) ? {} : upload(object.oid)) }))
    })
  }
  const lines = content
    .toString()
    .split("\n")
    .map((line) => JSON.parse(line) as Line)
  const files = { ...repo.commits[repo.refs[branch] as string] }
  for (const { key, value } of lines) {
    if (key === "file") files[value.path] = Buffer.from(value.content ?? "", value.encoding as BufferEncoding)
    if (key === "lfsFile") files[value.path] = large.get(value.oid ?? "") as Buffer
  }
  const commit = createHash("sha1").update(content).digest("hex")
  repo.commits[commit] = files
  repo.refs[branch] = commit
  return json(response, { commitOid: commit, commitUrl: `${hub.url}/${id}/commit/${commit}`, hookOutput: "" })
}

/** An upload of a large file, which comes without a token to an address that only the hub gives away. */
export const takeUpload = async (large: Map<string, Buffer>, request: IncomingMessage, response: ServerResponse) => {
  const content = await body(request)
  const oid = (request.url ?? "").slice(1)
  if (createHash("sha256").update(content).digest("hex") !== oid) return response.writeHead(422).end()
  large.set(oid, content)
  return response.writeHead(200).end()
}
