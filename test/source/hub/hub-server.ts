/**
 * A server that speaks the Hugging Face hub's protocol, over real sockets: revisions, trees in pages, files with their
 * headers, large files by a redirect to another origin, ranges, gated and private repositories - and the ways in which
 * all of this fails.
 */
import { createHash } from "node:crypto"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { answerWrite, takeUpload } from "./hub-writes.ts"
import type { Cut, SeenRequest, TestHub, TestRepo } from "./test-hub.ts"

/** Names that the hub keeps as large files, and the others in git. */
const isLarge = (path: string): boolean => /\.(safetensors|gguf|parquet|npz|arrow)$/.test(path)

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")
export const gitOid = (bytes: Buffer): string =>
  createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex")

/** A commit's name, of a text: forty hexadecimal digits. */
export const commitOf = (text: string): string => createHash("sha1").update(text).digest("hex")

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })

/** Few, so that every listing of a model takes several. */
const PAGE = 2

export const startHub = async (): Promise<TestHub> => {
  const repos = new Map<string, TestRepo>()
  const requests: Array<SeenRequest> = []
  const tokens = new Set<string>()
  const writers = new Set<string>()
  const cuts: Array<Cut> = []
  const large = new Map<string, Buffer>()

  const note = (request: IncomingMessage, atHub: boolean): void => {
    const { range, authorization } = request.headers
    requests.push({ method: request.method ?? "", path: request.url ?? "", range, authorization, atHub })
  }
  const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void => {
    response
      .writeHead(200, { "content-type": "application/json; charset=utf-8", ...headers })
      .end(JSON.stringify(value))
  }
  const refuse = (response: ServerResponse, status: number, code: string, message: string): void => {
    response
      .writeHead(status, { "content-type": "application/json", "x-error-code": code, "x-error-message": message })
      .end(JSON.stringify({ error: message }))
  }
  const send = (request: IncomingMessage, response: ServerResponse, bytes: Buffer, headers: Record<string, string>) => {
    const range = hub.wholeOnly ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "")
    const start = range === null ? 0 : Number(range[1])
    const end = range === null || range[2] === "" ? bytes.length : Number(range[2]) + 1
    const part = Buffer.from(bytes.subarray(start, end))
    if (hub.damage && part.length > 0) part[part.length >> 1] = (part[part.length >> 1] as number) ^ 1
    response.writeHead(range === null ? 200 : 206, {
      ...headers,
      "content-length": String(part.length),
      "accept-ranges": "bytes",
      ...(range === null ? {} : { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` })
    })
    if (request.method === "HEAD") return response.end()
    const cut = cuts.shift()
    if (cut === undefined) return response.end(part)
    // Not before they have been taken: how much of it a client would see otherwise is a matter of luck.
    const cutOff = (): void => {
      if (cut.taken()) response.destroy()
      else setTimeout(cutOff, 10)
    }
    response.write(part.subarray(0, cut.bytes), cutOff)
    return response
  }

  const files = createServer((request, response) => {
    note(request, false)
    if (request.method === "PUT") return takeUpload(large, request, response)
    const bytes = large.get((request.url ?? "").slice(1))
    if (bytes === undefined) return response.writeHead(403).end()
    return send(request, response, bytes, { etag: `"${(request.url ?? "").slice(1)}"` })
  })
  const filesUrl = await listen(files)

  const sendFile = (
    request: IncomingMessage,
    response: ServerResponse,
    commit: string,
    path: string,
    bytes: Buffer
  ) => {
    const headers = { "x-repo-commit": commit, "access-control-expose-headers": "X-Repo-Commit, ETag" }
    if (!isLarge(path)) return send(request, response, bytes, { ...headers, etag: `"${gitOid(bytes)}"` })
    const oid = sha256(bytes)
    large.set(oid, bytes)
    return response
      .writeHead(302, {
        ...headers,
        location: `${filesUrl}/${oid}`,
        "x-linked-size": String(bytes.length),
        "x-linked-etag": `"${oid}"`
      })
      .end()
  }

  const tree = (response: ServerResponse, url: URL, all: Readonly<Record<string, string | Buffer>>, folder: string) => {
    const recursive = /^(true|1)$/i.test(url.searchParams.get("recursive") ?? "")
    const start = folder === "" ? "" : `${folder}/`
    const within = Object.entries(all).filter(([path]) => path.startsWith(start))
    if (within.length === 0) return refuse(response, 404, "EntryNotFound", `${folder} does not exist`)
    const entries = new Map<string, unknown>()
    for (const [path, content] of within) {
      const below = path.slice(start.length).split("/")
      for (let i = 1; i < below.length; i++) {
        const name = start + below.slice(0, i).join("/")
        if (i === 1 || recursive)
          entries.set(name, { type: "directory", oid: gitOid(Buffer.from(name)), size: 0, path: name })
      }
      if (below.length > 1 && !recursive) continue
      const bytes = Buffer.from(content)
      const pointer = Buffer.from(
        `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${bytes.length}\n`
      )
      entries.set(path, {
        type: "file",
        path,
        size: bytes.length,
        oid: gitOid(isLarge(path) ? pointer : bytes),
        ...(isLarge(path) ? { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: pointer.length } } : {})
      })
    }
    const from = Number(url.searchParams.get("cursor") ?? "0")
    const next = new URL(url)
    next.searchParams.set("cursor", String(from + PAGE))
    const more = from + PAGE < entries.size ? { link: `<${next.href}>; rel="next"` } : {}
    return json(response, [...entries.values()].slice(from, from + PAGE), more as Record<string, string>)
  }

  const hubServer = createServer((request, response) => {
    note(request, true)
    if (request.method === "POST") return answerWrite(hub, large, isLarge, request, response)
    const url = new URL(request.url ?? "", hub.url)
    const path = decodeURIComponent(url.pathname)
    const api =
      /^\/api\/(model|dataset)s\/([^/]+\/[^/]+)(?:\/(revision|tree)\/(refs\/[^/]+\/[^/]+|[^/]+)(?:\/(.*))?)?$/.exec(
        url.pathname
      )
    const resolve = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/(refs\/[^/]+\/[^/]+|[^/]+)\/(.+)$/.exec(path)
    const type = api === null ? (resolve?.[1] === undefined ? "model" : "dataset") : api[1]
    const id = api?.[2] ?? resolve?.[2] ?? ""
    const repo = repos.get(id)
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1]
    const allowed = token !== undefined && tokens.has(token)
    if (repo === undefined || (repo.type ?? "model") !== type || (repo.access === "private" && !allowed)) {
      // The hub does not tell strangers what exists.
      if (token === undefined) return refuse(response, 401, "RepoNotFound", "Invalid username or password.")
      return refuse(response, 404, "RepoNotFound", "Repository not found")
    }
    if (api !== null && api[3] === undefined) return json(response, { id })
    const revision = decodeURIComponent(api?.[4] ?? resolve?.[3] ?? "")
    const commit = repo.refs[revision] ?? (Object.hasOwn(repo.commits, revision) ? revision : undefined)
    if (commit === undefined) return refuse(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`)
    const all = repo.commits[commit] as Readonly<Record<string, string | Buffer>>
    if (api?.[3] === "revision") {
      const siblings = Object.keys(all).map((rfilename) => ({ rfilename }))
      return json(response, {
        _id: gitOid(Buffer.from(id)).slice(0, 24),
        id,
        modelId: id,
        sha: commit,
        private: repo.access === "private",
        gated: repo.access === "gated" ? "auto" : false,
        disabled: false,
        downloads: 0,
        likes: 0,
        tags: [],
        lastModified: "2025-01-01T00:00:00.000Z",
        createdAt: "2025-01-01T00:00:00.000Z",
        siblings
      })
    }
    if (api?.[3] === "tree") return tree(response, url, all, decodeURIComponent(api[5] ?? ""))
    if (repo.access === "gated" && !allowed) {
      const message =
        token === undefined
          ? `Access to model ${id} is restricted. You must have access to it and be authenticated to access it. Please log in.`
          : `Access to model ${id} is restricted and you are not in the authorized list.`
      return refuse(response, token === undefined ? 401 : 403, "GatedRepo", message)
    }
    const file = resolve?.[4] ?? ""
    const content = all[file]
    if (content === undefined) return refuse(response, 404, "EntryNotFound", "Entry not found")
    return sendFile(request, response, commit, file, Buffer.from(content))
  })

  const hub: TestHub = {
    url: "",
    filesUrl,
    repos,
    requests,
    tokens,
    writers,
    cuts,
    damage: false,
    wholeOnly: false,
    close: async () => {
      await Promise.all([close(hubServer), close(files)])
    }
  }
  return Object.assign(hub, { url: await listen(hubServer) })
}
