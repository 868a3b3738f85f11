import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, describe, expect, it } from "vitest"
import { openRemote } from "../../src/remote/open-remote.ts"
import { temporaryRoot } from "../store/temporary-root.ts"
import { remoteContract } from "./remote.ts"

const root = mkdtempSync(join(temporaryRoot, "remote-"))
afterAll(() => rmSync(root, { recursive: true }))
const open = (url: string, readOnly = false) => openRemote({ url }, { projectDirectory: root, readOnly })
const failure = (url: string) => Effect.runPromise(Effect.flip(open(url)))

remoteContract("a shared folder", () => Effect.runPromise(open(".")))

describe("the address of a remote", () => {
  it("is refused by name where nothing is behind it", async () => {
    expect((await failure("nowhere")).message).toContain(`there is no such folder\n  Correct`)
    expect((await failure("gs://lab")).message).toContain(`there is no kind of remote "gs"; there are folder, s3`)
    expect((await failure("s3://UPPER")).message).toContain("expected s3://BUCKET or s3://BUCKET/PREFIX")
    expect((await failure("s3://lab/../other")).message).toContain("expected s3://BUCKET or s3://BUCKET/PREFIX")
  })

  it("that is only read lets nothing be written, not by anybody", async () => {
    const remote = await Effect.runPromise(open(".", true))
    const none = new Uint8Array()
    for (const write of [remote.put("x", none), remote.putIfAbsent("x", none), remote.remove("x")]) {
      expect((await Effect.runPromise(Effect.flip(write))).message).toContain("it is only read here")
    }
  })
})
