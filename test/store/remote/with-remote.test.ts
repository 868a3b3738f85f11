/** Two stores with one remote between them: a folder, so that its files can be damaged by hand. */
import { createHash } from "node:crypto"
import {
  globSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { basename, dirname, join } from "node:path"
import { zstdCompressSync } from "node:zlib"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { keyOf } from "../../../src/plan/key.ts"
import { openRemote } from "../../../src/remote/open-remote.ts"
import type { Remote } from "../../../src/remote/port/remote.ts"
import { RemoteFailed } from "../../../src/remote/port/remote-failed.ts"
import type { NewAction } from "../../../src/store/action-record.ts"
import { incomingPath, objectPath } from "../../../src/store/local/layout.ts"
import { makeLocalStore } from "../../../src/store/local/local-store.ts"
import { pushKeys } from "../../../src/store/remote/exchange.ts"
import { pullArtifact } from "../../../src/store/remote/pull-artifact.ts"
import { withRemote } from "../../../src/store/remote/with-remote.ts"
import type { Store } from "../../../src/store/store.ts"
import { actionOf, outputOf } from "../../contract/artifact-store.ts"
import { temporaryRoot } from "../temporary-root.ts"

const run = Effect.runPromise
const base = mkdtempSync(join(temporaryRoot, "shared-"))
afterAll(() => rmSync(base, { recursive: true }))

let root = ""
let said: Array<string> = []
beforeEach(() => {
  root = mkdtempSync(join(base, "test-"))
  mkdirSync(join(root, "remote"))
  said = []
})
const say = (line: string): void => void said.push(line)

const open = (readOnly = false) => openRemote({ url: "remote" }, { projectDirectory: root, readOnly })
const place = (name: string): string => join(root, "remote", name)
const filesThere = (prefix = ""): ReadonlyArray<string> =>
  readdirSync(join(root, "remote"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(place("/").length))
    .filter((name) => name.startsWith(prefix))
    .toSorted()
const user = (name: string, remote: Effect.Effect<Remote, RemoteFailed> = open(), writes = true): Store["Service"] =>
  withRemote(makeLocalStore(join(root, name)), { root: join(root, name), remote, writes, say })
const rewrite = (name: string, bytes: Uint8Array | string): void => {
  rmSync(place(name), { force: true })
  mkdirSync(dirname(place(name)), { recursive: true })
  writeFileSync(place(name), bytes)
}

const { manifest } = actionOf("", "")
const KEY = keyOf(manifest)
const action = (digest: string, seconds = 3): NewAction => ({ ...actionOf(KEY, digest), seconds })

const put = (store: Store["Service"], content: Readonly<Record<string, string | Uint8Array>>) =>
  run(store.ingest({ directory: outputOf(content), kind: { name: "Files", version: 1 }, metrics: {} }))
/** Digest of an artifact that the first user has committed. */
const share = async (
  content: Readonly<Record<string, string | Uint8Array>> = { "a.txt": "hello" }
): Promise<string> => {
  const one = user("one")
  const digest = await put(one, content)
  await run(one.commit(action(digest)))
  expect(said).toEqual([])
  return digest
}
const noise = (size: number): Buffer => {
  const bytes = Buffer.alloc(size)
  for (let i = 0, x = 1; i < size; i++) bytes[i] = (x = (Math.imul(x, 1103515245) + 12345) | 0) >>> 16
  return bytes
}
const MIB = 1024 * 1024

describe("a store with a remote behind it", () => {
  it("takes results from there, and bytes when they are read", async () => {
    const digest = await share({ "a.txt": "hello", "zeros.bin": new Uint8Array(5 * MIB), empty: "" })
    const two = user("two")
    expect(await run(two.action(KEY))).toMatchObject({ digest, seconds: 3 })
    expect(await run(makeLocalStore(join(root, "two")).action(KEY))).toMatchObject({ digest })
    const artifact = await run(two.artifact(digest))
    expect(await run(artifact.readText("a.txt"))).toBe("hello")
    expect(Buffer.alloc(5 * MIB).equals(await run(artifact.read("zeros.bin")))).toBe(true)
    expect(await run(makeLocalStore(join(root, "two")).losses(digest))).toEqual([])
    expect(said).toEqual([])
  })

  it("lets the first result count, flags another, and agrees on both sides", async () => {
    const digest = await share()
    // Committed here while nobody could be asked.
    const two = user(
      "two",
      Effect.fail(new RemoteFailed({ reason: "unreachable", place: "x", problem: "p", remedy: "r" }))
    )
    const other = await put(two, { "a.txt": "hullo" })
    expect(await run(two.commit(action(other)))).toMatchObject({ canonical: { digest: other }, agrees: true })
    expect(said.join()).toContain("train is not shared")
    const later = await run(user("two").commit(action(other, 4)))
    expect(later).toMatchObject({ canonical: { digest }, agrees: false })
    expect(await run(user("two").action(KEY))).toMatchObject({ digest, nondeterministic: true })
    expect(await run(user("three").action(KEY))).toMatchObject({ digest })
    await put(user("one"), { "a.txt": "hullo" })
    const forced = await run(user("one").commit(action(other), { force: true }))
    expect(forced.canonical).toMatchObject({ digest: other })
    expect(await run(user("four").action(KEY))).toMatchObject({ digest: other })
  })

  it("is all there is when the remote falls silent, which is said once; not when it never answered", async () => {
    await share()
    const gone = new RemoteFailed({ reason: "unreachable", place: "there", problem: "silence", remedy: "wait" })
    let answers = 1
    const flaky = Effect.map(open(), (remote) => ({
      ...remote,
      list: (prefix: string) => (answers-- > 0 ? remote.list(prefix) : Effect.fail(gone))
    }))
    const two = user("two", flaky)
    expect(await run(two.action(KEY))).toBeDefined()
    for (const key of ["ab", "cd"]) expect(await run(two.action(key.repeat(32)))).toBeUndefined()
    expect(said).toEqual(["there: silence\n  wait\n  From here on this goes on without it."])
    expect(await run(Effect.flip(user("three", Effect.fail(gone)).action(KEY)))).toBe(gone)
  })

  it("leaves nothing in a remote that is only read, whatever happens", async () => {
    const digest = await share()
    rewrite(filesThere("v1/objects/")[0] ?? "", "rub")
    const before = filesThere()
    const two = user("two", open(true), false)
    await run(two.action(KEY))
    await run(two.losses(digest))
    const mine = await put(two, { "a.txt": "mine" })
    await run(two.commit({ ...action(mine), key: "cd".repeat(32) }))
    expect(await run(Effect.scoped(two.claim("ef".repeat(32), "a test")))).toMatchObject({ _tag: "held" })
    expect(filesThere()).toEqual(before)
    expect(said.join()).toContain("its content differs from its digest")
  })

  it("computes a key once: the other one hears who is at it, and a silent owner is overtaken", async () => {
    const [one, two] = [user("one"), user("two")]
    const program = Effect.gen(function* () {
      const first = yield* one.claim(KEY, "sae of run 1")
      expect(first._tag).toBe("held")
      const busy = yield* Effect.scoped(two.claim(KEY, "sae of run 2"))
      expect(busy).toMatchObject({ _tag: "busy", owner: expect.stringContaining("for sae of run 1") })
      expect(yield* two.owner(KEY)).toContain("sae of run 1")
      const [lease = ""] = filesThere("v1/leases/")
      utimesSync(place(lease), new Date(Date.now() - 120_000), new Date(Date.now() - 120_000))
      const second = yield* two.claim(KEY, "sae of run 2")
      expect(second._tag).toBe("held")
      if (first._tag === "held" && second._tag === "held") {
        expect(yield* first.claim.held).toBe(false)
        expect(yield* second.claim.held).toBe(true)
      }
    })
    await run(Effect.scoped(program))
    expect(filesThere("v1/leases/")).toEqual([])
  })
})

/** It begins as a frame of zstd does. */
const isPacked = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, 4)).equals(Buffer.of(0x28, 0xb5, 0x2f, 0xfd))

describe("what is not as it should be in a remote", () => {
  it("is refused by name, and moved out of the way: records cut, of another key, or of another manifest", async () => {
    await share()
    const [record = ""] = filesThere("v1/actions/")
    const text = readFileSync(place(record), "utf8")
    const other = record.replaceAll(KEY, "ab".repeat(32)).replace(/actions\/../, "actions/ab")
    for (const [name, content, problem] of [
      [record, text.slice(0, 200), "it is not a whole action record"],
      [other, text, "it is the record of another key or attempt"]
    ] as const) {
      rewrite(name, content)
      expect(await run(user("two").action(name.split("/").at(-2) ?? ""))).toBeUndefined()
      expect(said.at(-1)).toContain(`refused ${name} of ${place("")}: ${problem}; it is v1/quarantine/actions-`)
      expect(filesThere()).not.toContain(name)
    }
  })

  it("leads to no file outside of the store", async () => {
    const list = JSON.stringify({ files: [{ path: "../outside", sha256: "0".repeat(64), size: 1 }], format: 1 })
    const digest = createHash("sha256").update(list).digest("hex")
    rewrite(`v1/objects/${digest.slice(0, 2)}/${digest}.0`, list)
    const two = user("two")
    expect(await run(two.losses(digest))).toMatchObject([{ reason: "missing", digest }])
    expect(said.at(-1)).toContain(`it lists "../outside", which is not a path below the artifact`)
    expect(readdirSync(root)).toEqual(["remote"])
  })

  it("fills neither memory nor disk", async () => {
    const digest = await share({ "a.txt": "x".repeat(1000) })
    const blob = createHash("sha256").update("x".repeat(1000)).digest("hex")
    const name = `v1/objects/${blob.slice(0, 2)}/${blob}.0`
    for (const bytes of [zstdCompressSync(new Uint8Array(64 * MIB)), new Uint8Array(64 * MIB)]) {
      rewrite(name, bytes)
      expect((await run(user("two").losses(digest))).map(({ path }) => path)).toEqual(["a.txt"])
      expect(said.at(-1)).toContain(`refused ${name}`)
    }
  })

  it("is never taken, whichever byte of whichever file differs", async () => {
    const digest = await share({ "a.txt": "hello", "b.bin": noise(3000), "c.txt": "x".repeat(5000) })
    const names = filesThere()
    const intact = new Map(names.map((name) => [name, readFileSync(place(name))]))
    await fc.assert(
      fc.asyncProperty(
        fc.nat(names.length - 1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (which, at, flip) => {
          for (const [name, bytes] of intact) rewrite(name, bytes)
          const name = names[which] as string
          const bytes = Uint8Array.from(intact.get(name) as Uint8Array)
          bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ flip
          rewrite(name, bytes)
          rmSync(join(root, "two"), { recursive: true, force: true })
          const two = user("two", open(true), false)
          const found = await run(two.action(KEY))
          const losses = await run(two.losses(digest))
          for (const { blob } of losses) expect(existsSync(objectPath(join(root, "two"), blob))).toBe(false)
          // A packed part may unpack to the right bytes in spite of the difference (zstd ignores some bits): then they are right.
          const taken = globSync("objects/*/*", { cwd: join(root, "two") })
          for (const path of taken) {
            const content = readFileSync(join(root, "two", path))
            expect(createHash("sha256").update(content).digest("hex")).toBe(basename(path))
          }
          expect(found === undefined || found.digest === digest).toBe(true)
          if (found !== undefined && losses.length === 0) expect(isPacked(intact.get(name) as Uint8Array)).toBe(true)
        }
      ),
      { numRuns: 40 }
    )
  })

  it("is not left behind by a push that ends anywhere: the next one brings the rest", async () => {
    for (let survived = 0; survived < 14; survived++) {
      root = mkdtempSync(join(base, "push-"))
      mkdirSync(join(root, "remote"))
      let left = survived
      const killed = Effect.map(open(), (remote): Remote => {
        const gone = new RemoteFailed({ reason: "unreachable", place: "there", problem: "killed", remedy: "again" })
        const counted = <A>(request: Effect.Effect<A, RemoteFailed>) =>
          Effect.suspend(() => (left-- > 0 ? request : Effect.fail(gone)))
        return {
          ...remote,
          list: (prefix) => counted(remote.list(prefix)),
          get: (name, limit) => counted(remote.get(name, limit)),
          putIfAbsent: (name, bytes) => counted(remote.putIfAbsent(name, bytes))
        }
      })
      const one = user("one", killed)
      const digest = await put(one, { "a.txt": "hello", "b.bin": noise(100_000), "c.txt": "x".repeat(5000) })
      await run(one.commit(action(digest)))
      // Whoever looks in between finds a whole result or none.
      const between = user("between")
      if ((await run(between.action(KEY))) !== undefined) expect(await run(between.losses(digest))).toEqual([])
      const shared = { remote: await run(open()), writes: true, say }
      await run(pushKeys(join(root, "one"), shared, [KEY]))
      const two = user("two")
      expect(await run(two.action(KEY))).toMatchObject({ digest })
      expect(await run(two.losses(digest))).toEqual([])
    }
  })

  it("costs what is missing alone: a transfer that was cut goes on", async () => {
    const quarter = noise(4 * MIB)
    const content = Buffer.concat(
      Array.from({ length: 9 }, (_, i) => (quarter.writeInt32LE(i, i * 100), Buffer.from(quarter)))
    )
    const digest = await share({ "big.bin": content })
    const sha256 = createHash("sha256").update(content).digest("hex")
    const part = (index: number): string => `v1/objects/${sha256.slice(0, 2)}/${sha256}.${index}`
    const asked: Array<string> = []
    const two = join(root, "two")
    let cut = true
    const remote = await run(open())
    const watched: Remote = {
      ...remote,
      get: (name, limit) => {
        asked.push(name)
        const failed = new RemoteFailed({ reason: "unreachable", place: "there", problem: "cut", remedy: "again" })
        // When what comes before is on the disk.
        const written = Effect.sync(() =>
          content.subarray(0, 32 * MIB).equals(readFileSync(incomingPath(two, sha256)).subarray(0, 32 * MIB))
        )
        const fails = Effect.andThen(
          Effect.repeat(Effect.delay(written, "50 millis"), { until: Boolean }),
          Effect.fail(failed)
        )
        return cut && name === part(2) ? fails : remote.get(name, limit)
      }
    }
    const pull = pullArtifact(two, { remote: watched, writes: true, say }, digest)
    expect((await run(Effect.flip(pull)))._tag).toBe("RemoteFailed")
    expect(readdirSync(dirname(incomingPath(two, sha256)))).toEqual([sha256])
    cut = false
    asked.length = 0
    expect(await run(pull)).toMatchObject({ complete: true })
    expect(asked.filter((name) => name.includes(sha256))).toEqual([part(2)])
    expect(await run(makeLocalStore(two).losses(digest))).toEqual([])
    expect(
      createHash("sha256")
        .update(readFileSync(objectPath(two, sha256)))
        .digest("hex")
    ).toBe(sha256)
  })
})
