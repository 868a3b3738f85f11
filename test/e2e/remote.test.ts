/** Users with stores of their own and one S3 bucket between them, on the real command line. */
import * as Effect from "effect/Effect"
import { afterAll, assert, describe, it } from "vitest"
import { openRemote } from "../../src/remote/open-remote.ts"
import type { Remote } from "../../src/remote/port/remote.ts"
import { startS3Server } from "../remote/s3-server.ts"
import { cli, project, statuses } from "./run-cli.ts"

const server = await startS3Server()
const removals: Array<() => void> = []
afterAll(() => {
  server?.stop()
  for (const remove of removals) remove()
})

const experiment = `
stages:
  big:
    uses: command
    with: { run: 'head -c 18000000 /dev/zero | tr "\\0" "x" > "$OUTPUT/big.txt"; echo hello > "$OUTPUT/small.txt"' }
  last:
    uses: command
    with: { run: 'wc -c < "$INPUT_big/big.txt" > "$OUTPUT/n"', inputs: { big: "\${{ stages.big }}" } }
`

/** A user: a project and a store of their own. */
const user = (prefix: string, mode = "read-write") => {
  const config = `remote: { url: "s3://lab/${prefix}", endpoint: "${server?.endpoint}", mode: ${mode} }\n`
  const { directory, remove } = project({ "x.yaml": experiment, "pipeline.config.yaml": config })
  removals.push(remove)
  const credentials = mode === "read" ? server?.reader : server?.writer
  return {
    directory,
    pipeline: (...args: ReadonlyArray<string>) => cli(args, { cwd: directory, env: { ...credentials } }),
    run: (...args: ReadonlyArray<string>) =>
      cli(["run", "x.yaml", "--json", ...args], { cwd: directory, env: { ...credentials } })
  }
}
const bucket = (prefix: string): Promise<Remote> =>
  Effect.runPromise(
    openRemote(
      { url: `s3://lab/${prefix}`, endpoint: server?.endpoint ?? "" },
      { projectDirectory: "/", readOnly: false, environment: { ...server?.writer } }
    )
  )
const names = async (remote: Remote, prefix = "v1/"): Promise<ReadonlyArray<string>> =>
  Effect.runPromise(remote.list(prefix))
const bytesOf = async (remote: Remote, name: string): Promise<Uint8Array> =>
  (await Effect.runPromise(remote.get(name, 1e9))) ?? new Uint8Array()

describe.skipIf(server === undefined)("a remote that several users share", () => {
  it("gives the second user hits alone, and the bytes when they are read, each checked", async () => {
    const [one, two, reader] = [user("share"), user("share"), user("share", "read")]
    assert.deepStrictEqual(statuses(await one.run()), ["big ran", "last ran"])
    const second = await two.run()
    assert.deepStrictEqual(statuses(second), ["big hit", "last hit"], second.stderr)
    // 18 MB of x travel as a few KB.
    const remote = await bucket("share")
    const before = await names(remote)
    assert.isBelow((await bytesOf(remote, before.find((name) => name.endsWith(".1")) ?? "")).length, 10_000)
    assert.deepStrictEqual(
      before.filter((name) => name.includes("/leases/")),
      []
    )
    const shown = await two.pipeline("show", "x.yaml", "big")
    assert.strictEqual(shown.code, 0, shown.stderr)
    assert.include(shown.stdout, "big.txt")
    // Whoever only reads takes the same, and leaves nothing there.
    assert.deepStrictEqual(statuses(await reader.run()), ["big hit", "last hit"])
    assert.deepStrictEqual(statuses(await reader.run("--force", "last")), ["big hit", "last ran"])
    assert.strictEqual((await reader.pipeline("cache", "push")).code, 2)
    assert.deepStrictEqual(await names(remote), before)
  })

  it("refuses what is poisoned, by name, and computes it", async () => {
    const [one, two, three, reader] = [user("poison"), user("poison"), user("poison"), user("poison", "read")]
    await one.run()
    const remote = await bucket("poison")
    const parts = (await names(remote, "v1/objects/")).filter((name) => name.endsWith(".1"))
    assert.lengthOf(parts, 1)
    const [part] = parts as [string]
    const bytes = await bytesOf(remote, part)
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
    await Effect.runPromise(remote.put(part, bytes))
    const before = await names(remote)
    const read = await reader.run("--force", "last")
    assert.deepStrictEqual(statuses(read), ["big ran", "last ran"], read.stderr)
    assert.include(read.stderr, `refused ${part} of s3://lab/poison`)
    assert.deepStrictEqual(await names(remote), before)
    const written = await two.run("--force", "last")
    assert.deepStrictEqual(statuses(written), ["big ran", "last ran"], written.stderr)
    assert.include(written.stderr, `its content differs from its digest; it is v1/quarantine/`)
    // And what was computed again is there for the next one.
    const healed = await three.pipeline("cache", "pull", "--json")
    assert.strictEqual(healed.code, 0, healed.stderr)
    assert.deepStrictEqual(
      (JSON.parse(healed.stdout) as Array<{ outcome: string }>).map(({ outcome }) => outcome),
      ["sent", "sent"]
    )
  })
})

describe("a remote that cannot be used", () => {
  it("is told before anything runs, and can be left out", async () => {
    const { directory, remove } = project({
      "x.yaml": experiment,
      "pipeline.config.yaml": "remote: { url: s3://lab, endpoint: 'http://127.0.0.1:9' }\n"
    })
    removals.push(remove)
    const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "hunter2" }
    const failed = await cli(["plan", "x.yaml"], { cwd: directory, env })
    assert.strictEqual(failed.code, 1)
    assert.include(failed.stderr, "s3://lab at http://127.0.0.1:9: no answer from 127.0.0.1:9 in 3 tries")
    const without = await cli(["plan", "x.yaml", "--no-remote"], { cwd: directory, env })
    assert.strictEqual(without.code, 0, without.stderr)
  })
})
