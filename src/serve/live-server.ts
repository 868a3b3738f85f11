/**
 * The live page over HTTP: the page, the state of the latest run, SAEs that can be asked, and three questions. There is no
 * route that reads a path, and nothing is written. `docs/how-to/live.md`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import type { Store } from "../store/store.ts"
import { type Answers, isQuestion } from "./answers-for.ts"
import { cookieName, type Guarded, verdict } from "./guard.ts"

export class CannotListen extends Data.TaggedError("CannotListen")<{
  readonly host: string
  readonly port: number
  readonly problem: string
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `${this.host}:${this.port} cannot be listened on: ${this.problem}; --port names another one`
  }
}

/** A question is a prompt and a few numbers. */
const MOST_BYTES = 1 << 16

export interface ServedPage {
  readonly html: string
  /** Content security policy. */
  readonly policy: string
}

const headers = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin"
}

interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly policy?: string
}

const json = (status: number, value: unknown): Reply => ({
  status,
  type: "application/json; charset=utf-8",
  body: JSON.stringify(value)
})

const readBody = (request: IncomingMessage): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const parts: Array<Buffer> = []
    let size = 0
    request.on("data", (part: Buffer) => {
      size += part.length
      if (size <= MOST_BYTES) parts.push(part)
    })
    request.on("end", () => resolve(size > MOST_BYTES ? undefined : Buffer.concat(parts).toString("utf8")))
    request.on("error", reject)
  })

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** @param page made anew for every reader: results may have come */
const replyTo = Effect.fnUntraced(function* <E, R>(
  request: IncomingMessage,
  answers: Answers,
  page: Effect.Effect<ServedPage, E, R>
) {
  const { pathname } = new URL(request.url ?? "/", "http://here")
  if (request.method === "POST") {
    const question = /^\/api\/([a-z]+)$/.exec(pathname)?.[1] ?? ""
    if (!isQuestion(question)) return json(404, { problem: "there is no such question" })
    const text = yield* Effect.promise(() => readBody(request))
    if (text === undefined) return json(413, { problem: `a question has at most ${MOST_BYTES} bytes` })
    return json(200, yield* answers.answer(question, parsed(text)))
  }
  switch (pathname) {
    case "/": {
      const { html, policy } = yield* page
      return { status: 200, type: "text/html; charset=utf-8", body: html, policy } satisfies Reply
    }
    // Browsers ask for it by themselves.
    case "/favicon.ico":
      return { status: 204, type: "image/x-icon", body: "" } satisfies Reply
    case "/api/run":
      return json(200, yield* answers.run)
    case "/api/saes":
      return json(200, yield* answers.saes)
    default:
      return json(404, { problem: "there is no such page" })
  }
})

const problemOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

const send = (response: ServerResponse, reply: Reply, setToken: string | undefined): void => {
  response.writeHead(reply.status, {
    ...headers,
    "content-type": reply.type,
    "content-security-policy": reply.policy ?? "default-src 'none'; frame-ancestors 'none'",
    ...(setToken === undefined ? {} : { "set-cookie": `${cookieName}=${setToken}; HttpOnly; SameSite=Strict; Path=/` })
  })
  response.end(reply.body)
}

export interface Listening {
  readonly port: number
}

/**
 * Listens until the scope closes.
 *
 * @param guarded from the port: 0 becomes a free one
 */
export const liveServer = Effect.fn("liveServer")(function* <E>(options: {
  readonly host: string
  readonly port: number
  readonly guarded: (port: number) => Guarded
  readonly answers: Answers
  readonly page: Effect.Effect<ServedPage, E, Store>
}) {
  const { host, answers, page } = options
  const services = yield* Effect.context<Store>()
  let guarded: Guarded = { hosts: new Set(), token: undefined }
  const answered = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "/" } = request
    const told = verdict({ method, url, headers: request.headers }, guarded)
    if (!told.allowed) return send(response, json(told.status, { problem: told.why }), undefined)
    const exit = await Effect.runPromiseExitWith(services)(replyTo(request, answers, page))
    const reply = Exit.isSuccess(exit) ? exit.value : json(422, { problem: problemOf(exit.cause) })
    send(response, reply, told.setToken ? guarded.token : undefined)
  }
  const server = createServer((request, response) => {
    answered(request, response).catch(() => response.destroy())
  })
  yield* Effect.acquireRelease(
    Effect.callback<void, CannotListen>((resume) => {
      server.once("error", (cause) =>
        resume(Effect.fail(new CannotListen({ host, port: options.port, problem: cause.message })))
      )
      server.listen(options.port, host, () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const { port } = server.address() as AddressInfo
  guarded = options.guarded(port)
  return { port } satisfies Listening
})
