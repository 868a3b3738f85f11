import { request } from "node:http"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { livePage } from "../../src/report/live-page.ts"
import { scienceReport } from "../../src/report/science-report.ts"
import { liveRun } from "../../src/serve/live-run.ts"
import { liveServer } from "../../src/serve/live-server.ts"
import { madeExperiment } from "../report/made-experiment.ts"
import { sampleReport } from "../report/sample-report.ts"
import type { RunEvent } from "../../src/run/event.ts"
import { withStore } from "../../src/experiment/load-experiment.ts"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { answersFor } from "../../src/serve/answers-for.ts"

interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly body: string
}

/** A request as it is written: fetch would set the host itself and clean the path. */
const asked = (
  port: number,
  path: string,
  { method = "GET", headers = {}, body = "" }: { method?: string; headers?: Record<string, string>; body?: string } = {}
): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts).toString("utf8")
        })
      )
    })
    sent.on("error", reject)
    sent.end(body)
  })

const page = livePage({ ...madeExperiment, report: scienceReport(sampleReport()) })

/** On an empty store. */
const served = (token: string | undefined, use: (port: number) => Promise<void>): Promise<void> =>
  withStore(
    mkdtempSync(join(tmpdir(), "live-")),
    Effect.gen(function* () {
      const { port } = yield* liveServer({
        host: "127.0.0.1",
        port: 0,
        guarded: (bound) => ({ hosts: token === undefined ? new Set([`127.0.0.1:${bound}`]) : undefined, token }),
        answers: yield* answersFor("experiments/none.yaml"),
        page: Effect.succeed(page)
      })
      yield* Effect.promise(() => use(port))
    }).pipe(Effect.scoped)
  ).pipe(Effect.runPromise)

const json = { "content-type": "application/json" }

describe("the live page's server", () => {
  it("gives the page, whose own scripts alone run and which talks to nobody else", () =>
    served(undefined, async (port) => {
      const { status, headers, body } = await asked(port, "/")
      expect(status).toBe(200)
      expect(body).toContain('<section id="live">')
      expect(body).not.toContain("Content-Security-Policy")
      const policy = String(headers["content-security-policy"])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("connect-src 'self'")
      expect(policy.match(/'sha256-/g)).toHaveLength(2)
      expect(policy).not.toContain("'unsafe-eval'")
      expect(await asked(port, "/favicon.ico")).toMatchObject({ status: 204, body: "" })
      expect((await asked(port, "/api/run")).body).toBe("null")
      expect((await asked(port, "/api/saes")).body).toBe("[]")
    }))

  it("has no page that is a path, of the store or of the machine", () =>
    served(undefined, async (port) => {
      for (const path of [
        "/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/cache/index.json",
        "/api/run/..%2f"
      ]) {
        expect((await asked(port, path)).status, path).toBe(404)
      }
      const unknown = { sae: "a".repeat(64), text: "x" }
      const none = await asked(port, "/api/fire", { method: "POST", headers: json, body: JSON.stringify(unknown) })
      expect([none.status, none.body]).toEqual([422, expect.stringContaining("the store has no such SAE")])
      const path = await asked(port, "/api/fire", {
        method: "POST",
        headers: json,
        body: JSON.stringify({ ...unknown, sae: "../../secret" })
      })
      expect(path.status).toBe(422)
    }))

  it("answers no other name, no page of another site, no form, and nothing that is too long", () =>
    served(undefined, async (port) => {
      expect((await asked(port, "/", { headers: { host: `evil.example:${port}` } })).status).toBe(421)
      expect((await asked(port, "/api/run", { headers: { origin: "http://evil.example" } })).status).toBe(403)
      expect((await asked(port, "/", { method: "DELETE" })).status).toBe(405)
      const form = { "content-type": "text/plain" }
      expect((await asked(port, "/api/fire", { method: "POST", headers: form, body: "{}" })).status).toBe(415)
      const long = await asked(port, "/api/fire", { method: "POST", headers: json, body: "x".repeat(70_000) })
      expect(long.status).toBe(413)
      expect((await asked(port, "/api/fire", { method: "POST", headers: json, body: "{" })).status).toBe(422)
    }))

  it("wants the token where it is bound elsewhere, and keeps it in a cookie that scripts cannot read", () =>
    served("a-token", async (port) => {
      expect((await asked(port, "/")).status).toBe(401)
      expect((await asked(port, "/?token=a-tokem")).status).toBe(401)
      const first = await asked(port, "/?token=a-token")
      const cookie = String(first.headers["set-cookie"])
      expect(first.status).toBe(200)
      expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
      expect((await asked(port, "/api/run", { headers: { cookie: cookie.split(";")[0] ?? "" } })).status).toBe(200)
      expect((await asked(port, "/api/run", { headers: { authorization: "Bearer a-token" } })).status).toBe(200)
    }))
})

describe("the run that the live page shows", () => {
  const progress = (done: number, loss: number): RunEvent => ({
    type: "stage-progress",
    at: 0,
    id: "sae",
    done,
    total: 100,
    unit: "steps",
    rate: 4,
    eta: 20,
    metrics: { loss }
  })
  const started: RunEvent = {
    type: "stage-started",
    at: 0,
    id: "sae",
    kind: "train-sae",
    key: "k",
    attempt: 1,
    device: "cpu",
    gpuMissing: false,
    resumes: false,
    reasons: [],
    restores: null,
    log: "log"
  }

  it("has a curve of what a stage told, on which a further attempt goes on where it began again", () => {
    const { stages, curves, status } = liveRun(
      "r",
      [started, progress(10, 3), progress(20, 2), progress(30, 1.5), { ...started, attempt: 2 }, progress(20, 1.9)],
      "alive"
    )
    expect(status).toBe("going on")
    expect(stages).toEqual([{ id: "sae", status: "running", done: 20, total: 100, unit: "steps", rate: 4, eta: 20 }])
    expect(curves).toEqual([{ id: "sae", unit: "steps", done: [10, 20], metrics: { loss: [3, 1.9] } }])
  })

  it("is dead where its process is gone without a word", () => {
    expect(liveRun("r", [started], "dead").status).toBe("dead")
  })
})
