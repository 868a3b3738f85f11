/** Against a real server, which the test starts. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import { afterAll, describe, expect, it } from "vitest"
import type { RemoteConfig } from "../../src/config/config.ts"
import { openRemote } from "../../src/remote/open-remote.ts"
import { startS3Server } from "../remote/s3-server.ts"
import { remoteContract } from "./remote.ts"

const server = await startS3Server()
afterAll(() => server?.stop())

interface Opening extends Partial<RemoteConfig> {
  readonly environment?: NodeJS.ProcessEnv
  readonly readOnly?: boolean
}
const opening = ({ environment = server?.writer ?? {}, readOnly = false, ...config }: Opening) => {
  const remote = { url: "s3://lab/sae", endpoint: server?.endpoint ?? "http://localhost:9", ...config }
  return openRemote(remote, { projectDirectory: "/", readOnly, environment })
}
const open = (options: Opening = {}) => Effect.runPromise(opening(options))
const failure = (options: Opening) =>
  Effect.runPromise(Effect.flip(Effect.flatMap(opening(options), (remote) => remote.get("x", 10))))

describe.skipIf(server === undefined)("an S3 server", () => {
  remoteContract("as a remote", open)

  it("is one remote a prefix, and lists more than a page", async () => {
    const [one, other] = [await open({ url: "s3://lab/one" }), await open({ url: "s3://lab" })]
    const names = Array.from({ length: 45 }, (_, i) => `page/${String(i).padStart(4, "0")}`)
    await Effect.runPromise(
      Effect.forEach(names, (name) => one.put(name, new Uint8Array([1])), { concurrency: 4, discard: true })
    )
    expect(await Effect.runPromise(one.list("page/"))).toEqual(names)
    expect(await Effect.runPromise(other.list("page/"))).toEqual([])
  })

  it("tells an unknown bucket, wrong credentials and missing ones apart, and repeats no secret", async () => {
    const unknown = await failure({ url: "s3://nobodys-bucket" })
    expect([unknown.reason, unknown.message]).toEqual(["unknown", expect.stringContaining("NoSuchBucket")])
    const wrong = await failure({ environment: { ...server?.writer, AWS_SECRET_ACCESS_KEY: "hunter2-hunter2" } })
    expect([wrong.reason, wrong.message]).toEqual(["refused", expect.stringContaining("Check AWS_ACCESS_KEY_ID")])
    expect(JSON.stringify({ ...wrong, message: wrong.message })).not.toContain("hunter2")
    expect((await failure({ environment: {} })).message).toContain("there are no credentials in the environment")
    const reader = await open({ environment: { ...server?.reader } })
    expect((await Effect.runPromise(Effect.flip(reader.put("x", new Uint8Array())))).reason).toBe("refused")
  })
})

describe("an S3 server that is", () => {
  it("not reached is asked a few times, and then told by its host", async () => {
    const environment = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" }
    const error = await failure({ endpoint: "http://127.0.0.1:9", environment })
    expect(error.reason).toBe("unreachable")
    expect(error.message).toContain("no answer from 127.0.0.1:9 in 3 tries")
  })

  it("open to everybody is read without credentials; one that is busy is asked again; a cut answer is none", async () => {
    const seen: Array<string | undefined> = []
    const open = createServer((request, reply) => {
      seen.push(request.headers.authorization)
      if (request.url?.endsWith("/cut") === true)
        reply.writeHead(200, { "content-length": 9 }).write("cut", () => reply.destroy())
      else reply.writeHead(seen.length < 3 ? 503 : 200).end("found")
    })
    await new Promise<void>((done) => void open.listen(0, "127.0.0.1", done))
    try {
      const endpoint = `http://127.0.0.1:${(open.address() as AddressInfo).port}`
      const remote = await Effect.runPromise(opening({ endpoint, environment: {}, readOnly: true }))
      expect(new TextDecoder().decode(await Effect.runPromise(remote.get("x", 10)))).toBe("found")
      expect(seen).toEqual([undefined, undefined, undefined])
      expect((await Effect.runPromise(Effect.flip(remote.get("cut", 10)))).reason).toBe("unreachable")
    } finally {
      open.close()
    }
  })

  it("blind to conditions is not written to", async () => {
    const blind = createServer((request, reply) => {
      request.resume().on("end", () => reply.writeHead(200).end())
    })
    await new Promise<void>((done) => void blind.listen(0, "127.0.0.1", done))
    try {
      const endpoint = `http://127.0.0.1:${(blind.address() as AddressInfo).port}`
      const environment = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" }
      const remote = await Effect.runPromise(opening({ endpoint, environment }))
      const error = await Effect.runPromise(Effect.flip(remote.putIfAbsent("x", new Uint8Array([1]))))
      expect(error.message).toContain("ignores If-None-Match")
    } finally {
      blind.close()
    }
  })
})
