/** What every artifact store has to do, whatever it keeps its bytes in. */
import { linkSync, mkdirSync, mkdtempSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { beforeEach, describe, expect, it } from "vitest"
import type { ArtifactError } from "../../src/artifact/artifact-error.ts"
import { KEY_FORMAT } from "../../src/plan/key.ts"
import type { RemoteFailed } from "../../src/remote/port/remote-failed.ts"
import type { NewAction } from "../../src/store/action-record.ts"
import type { Store } from "../../src/store/store.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

type Service = Store["Service"]

export interface StoreUnderTest {
  readonly store: Service
  /** Changes one byte of what the store keeps for a blob. */
  readonly flip: (sha256: string, at: number) => void
  readonly remove: (sha256: string) => void
  /** Names of what is in quarantine. */
  readonly quarantine: () => ReadonlyArray<string>
  readonly flipAction: (key: string, attempt: number, at: number) => void
}

type Content = Readonly<Record<string, string | Uint8Array>>

const run = Effect.runPromise
const failureOf = async (effect: Effect.Effect<unknown, ArtifactError | RemoteFailed>): Promise<ArtifactError> => {
  const error = await run(Effect.flip(effect))
  if (error._tag === "RemoteFailed") throw error
  return error
}

export const outputOf = (content: Content): string => {
  const directory = mkdtempSync(join(temporaryRoot, "output-"))
  for (const [path, bytes] of Object.entries(content)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), bytes)
  }
  return directory
}

const kind = { name: "Files", version: 1 }
const put = (store: Service, content: Content, metrics = {}): Promise<string> =>
  run(Effect.orDie(store.ingest({ directory: outputOf(content), kind, metrics })))

export const actionOf = (key: string, digest: string): NewAction => ({
  key,
  digest,
  output: "Files",
  metrics: { loss: 0.1 },
  seconds: 3,
  engine: null,
  stage: "train",
  run: "r",
  experiment: "e.yaml",
  acceptedFrom: null,
  manifest: {
    format: KEY_FORMAT,
    kind: "train",
    code: { digest: "c", packages: {} },
    params: { lr: 0.0003, text: "é" },
    sources: {},
    inputs: {},
    facts: {},
    numerics: {}
  },
  notes: { codeFiles: {}, sources: {} }
})

const KEY = "ab".repeat(32)
const MIB = 1024 * 1024
/** Not periodic in 4 MiB, so that chunks differ. */
const large = (size: number): Uint8Array => {
  const bytes = new Uint8Array(size)
  for (let i = 0, x = 1; i < size; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0
    bytes[i] = x >>> 16
  }
  return bytes
}

export const artifactStoreContract = (name: string, make: () => StoreUnderTest): void => {
  describe(`${name}: artifacts`, () => {
    let under: StoreUnderTest
    beforeEach(() => {
      under = make()
    })

    it("gives back what went in, with kind and metrics", async () => {
      const digest = await put(
        under.store,
        { "a.txt": "hello", "deep/b.bin": new Uint8Array([0, 255]), empty: "" },
        { loss: 0.5 }
      )
      const artifact = await run(under.store.artifact(digest))
      expect(artifact.kind).toBe("Files")
      expect(artifact.metrics).toEqual({ loss: 0.5 })
      expect(artifact.files.map(({ path }) => path)).toEqual([
        "a.txt",
        "artifact.json",
        "deep/b.bin",
        "empty",
        "metrics.json"
      ])
      expect(await run(artifact.readText("a.txt"))).toBe("hello")
      expect(await run(artifact.read("deep/b.bin"))).toEqual(new Uint8Array([0, 255]))
      expect(await run(artifact.read("empty"))).toEqual(new Uint8Array(0))
      expect(artifact.has("deep/b.bin")).toBe(true)
      expect((await failureOf(artifact.read("nothing"))).reason).toBe("invalid")
    })

    it("writes the metrics in place of a file of that name, refuses a folder of it, and mends a damaged blob of what is there", async () => {
      const digest = await put(under.store, { a: "1" }, { loss: 0.5 })
      expect(await put(under.store, { a: "1", "metrics.json": "mine" }, { loss: 0.5 })).toBe(digest)
      expect(await put(under.store, { "metrics.jsonl": "1" })).not.toBe(digest)
      await expect(put(under.store, { "metrics.json/a": "1" })).rejects.toThrow("a folder cannot have the name")
      const { files } = await run(under.store.artifact(digest))
      under.flip(files.find(({ path }) => path === "metrics.json")?.sha256 ?? "", 1)
      expect(await put(under.store, { a: "1" }, { loss: 0.5 })).toBe(digest)
      expect((await run(under.store.artifact(digest))).metrics).toEqual({ loss: 0.5 })
    })

    it("keeps why a metric has no number, which is part of the artifact", async () => {
      const ingest = (unmeasured?: Readonly<Record<string, string>>) =>
        run(
          under.store.ingest({
            directory: outputOf({ a: "1" }),
            kind,
            metrics: { x: 1 },
            ...(unmeasured === undefined ? {} : { unmeasured })
          })
        )
      const digest = await ingest({ y: "nothing fires" })
      expect((await run(under.store.artifact(digest))).unmeasured).toEqual({ y: "nothing fires" })
      const without = await ingest()
      expect((await run(under.store.artifact(without))).unmeasured).toEqual({})
      expect(await ingest({})).toBe(without)
      expect(digest).not.toBe(without)
    })

    it("gives equal trees equal digests, whatever their times and the order of writing, and others others", async () => {
      const first = await put(under.store, { a: "1", b: "2" })
      const directory = outputOf({ b: "2", a: "1" })
      utimesSync(join(directory, "a"), 1000, 1000)
      expect(await run(under.store.ingest({ directory, kind, metrics: {} }))).toBe(first)
      const others = await Promise.all([
        put(under.store, { a: "2", b: "1" }),
        put(under.store, { a: "1", c: "2" }),
        put(under.store, { a: "1", b: "2" }, { loss: 1 }),
        run(
          under.store.ingest({
            directory: outputOf({ a: "1", b: "2" }),
            kind: { name: "Sae", version: 1 },
            metrics: {}
          })
        ),
        run(
          under.store.ingest({
            directory: outputOf({ a: "1", b: "2" }),
            kind: { name: "Files", version: 2 },
            metrics: {}
          })
        )
      ])
      expect(new Set([first, ...others]).size).toBe(6)
    })

    it("reads any range of a file of several chunks", async () => {
      const bytes = large(9 * MIB + 123)
      const artifact = await run(under.store.artifact(await put(under.store, { "big.bin": bytes })))
      expect(artifact.files.find(({ path }) => path === "big.bin")?.chunks).toHaveLength(3)
      const ranges = fc
        .tuple(fc.nat(bytes.length), fc.nat(5 * MIB))
        .map(([offset, length]) => [offset, Math.min(length, bytes.length - offset)] as const)
      await run(
        Effect.scoped(
          Effect.gen(function* () {
            const file = yield* artifact.open("big.bin")
            yield* Effect.promise(() =>
              fc.assert(
                fc.asyncProperty(fc.array(ranges, { minLength: 1, maxLength: 4 }), async (all) => {
                  // Side by side: chunks that nobody has checked yet are asked for more than once.
                  const parts = await Promise.all(all.map(([offset, length]) => file.read(offset, length)))
                  for (const [i, [offset, length]] of all.entries()) {
                    expect(Buffer.compare(parts[i] as Uint8Array, bytes.subarray(offset, offset + length))).toBe(0)
                  }
                }),
                { numRuns: 30 }
              )
            )
            yield* Effect.promise(() => expect(file.read(bytes.length, 1)).rejects.toMatchObject({ reason: "invalid" }))
          })
        )
      )
    })

    it("refuses a chunk that is damaged, and only that", async () => {
      const bytes = large(9 * MIB)
      const artifact = await run(under.store.artifact(await put(under.store, { "big.bin": bytes })))
      const blob = artifact.files.find(({ path }) => path === "big.bin")?.sha256 ?? ""
      under.flip(blob, 5 * MIB)
      await run(
        Effect.scoped(
          Effect.gen(function* () {
            const file = yield* artifact.open("big.bin")
            expect(
              Buffer.from(yield* Effect.promise(() => file.read(0, 100))).equals(Buffer.from(bytes.subarray(0, 100)))
            ).toBe(true)
            yield* Effect.promise(() =>
              expect(file.read(6 * MIB, 10)).rejects.toMatchObject({ _tag: "ArtifactError", reason: "damaged", blob })
            )
          })
        )
      )
      expect(under.quarantine()).toEqual([blob])
      expect(await failureOf(artifact.read("big.bin"))).toMatchObject({ reason: "missing", blob })
    })

    it("gives no wrong byte out, whichever byte is flipped", async () => {
      const content = { "a.txt": "some text", "b.json": `{"x":[1,2,3]}` }
      const digest = await put(under.store, content)
      const intact = await run(under.store.artifact(digest))
      const blobs = [{ sha256: digest, size: JSON.stringify(intact.files).length }, ...intact.files]
      await fc.assert(
        fc.asyncProperty(fc.nat(blobs.length - 1), fc.nat(), async (which, at) => {
          const { sha256, size } = blobs[which] as { readonly sha256: string; readonly size: number }
          under.flip(sha256, at % size)
          const error = await failureOf(
            Effect.flatMap(under.store.artifact(digest), (artifact) =>
              Effect.forEach(artifact.files, ({ path }) => artifact.read(path))
            )
          )
          expect(error).toMatchObject({ reason: "damaged", blob: sha256 })
          // Put in anew, it is whole again.
          expect(await put(under.store, content)).toBe(digest)
          expect(await run(under.store.losses(digest))).toEqual([])
        }),
        { numRuns: 40 }
      )
    })

    it("says what is missing, without reading it", async () => {
      const digest = await put(under.store, { "a.txt": "one", "b.txt": "two" })
      expect(await run(under.store.losses(digest))).toEqual([])
      const blob = (await run(under.store.artifact(digest))).files[0]?.sha256 ?? ""
      under.remove(blob)
      expect(await run(under.store.losses(digest))).toEqual([{ reason: "missing", digest, path: "a.txt", blob }])
      under.remove(digest)
      expect(await run(under.store.losses(digest))).toMatchObject([{ reason: "missing", digest, blob: digest }])
      expect(await failureOf(under.store.artifact(digest))).toMatchObject({ reason: "missing", digest })
    })

    it("copies its files out, checked", async () => {
      const bytes = large(5 * MIB)
      const artifact = await run(under.store.artifact(await put(under.store, { "x/big.bin": bytes, "a.txt": "a" })))
      const target = mkdtempSync(join(temporaryRoot, "export-"))
      await run(artifact.copyTo(target))
      expect(Buffer.compare(await readFile(join(target, "x/big.bin")), bytes)).toBe(0)
      expect(await readFile(join(target, "a.txt"), "utf8")).toBe("a")
      under.flip(artifact.files.find(({ path }) => path === "a.txt")?.sha256 ?? "", 0)
      expect((await failureOf(artifact.copyTo(target))).reason).toBe("damaged")
    })

    it("gives a file to another artifact without a second copy, and none that is damaged", async () => {
      const bytes = large(5 * MIB)
      const first = await run(under.store.artifact(await put(under.store, { "x/big.bin": bytes })))
      const directory = outputOf({ "own.txt": "own" })
      const target = join(directory, "model", "big.bin")
      await run(first.link?.("x/big.bin", target) ?? Effect.die("no links"))
      expect(statSync(target).nlink).toBeGreaterThan(1)
      const second = await run(
        Effect.flatMap(under.store.ingest({ directory, kind, metrics: {} }), under.store.artifact)
      )
      const blob = second.files.find(({ path }) => path === "model/big.bin")
      expect(blob?.sha256).toBe(first.files.find(({ path }) => path === "x/big.bin")?.sha256)
      expect(Buffer.compare(await run(second.read("model/big.bin")), bytes)).toBe(0)
      expect(Buffer.compare(await run(first.read("x/big.bin")), bytes)).toBe(0)

      under.flip(blob?.sha256 ?? "", 4 * MIB + 1)
      const refused = first.link?.("x/big.bin", join(outputOf({}), "big.bin")) ?? Effect.die("no links")
      expect((await failureOf(refused)).reason).toBe("damaged")
    })

    it("takes the content of links, not the links, and refuses those that lead nowhere", async () => {
      const directory = outputOf({ "a.txt": "content" })
      symlinkSync(join(directory, "a.txt"), join(directory, "link.txt"))
      const outside = outputOf({ "o.txt": "outside" })
      linkSync(join(outside, "o.txt"), join(directory, "hard.txt"))
      const artifact = await run(
        Effect.flatMap(under.store.ingest({ directory, kind, metrics: {} }), under.store.artifact)
      )
      writeFileSync(join(outside, "o.txt"), "changed later")
      expect(await run(artifact.readText("link.txt"))).toBe("content")
      expect(await run(artifact.readText("hard.txt"))).toBe("outside")
      const dangling = outputOf({})
      symlinkSync(join(dangling, "nowhere"), join(dangling, "link"))
      const error = await run(Effect.flip(under.store.ingest({ directory: dangling, kind, metrics: {} })))
      expect(error.message).toContain("link to nothing")
    })
  })

  describe(`${name}: actions`, () => {
    let store: Service
    let under: StoreUnderTest
    beforeEach(() => {
      under = make()
      store = under.store
    })

    it("keeps the first digest of a key, and further ones beside it", async () => {
      expect(await run(store.action(KEY))).toBeUndefined()
      const first = await run(store.commit(actionOf(KEY, "d1")))
      expect(first).toMatchObject({ agrees: true, canonical: { digest: "d1", attempt: 1, nondeterministic: false } })
      expect(await run(store.commit(actionOf(KEY, "d1")))).toMatchObject({ agrees: true, canonical: { attempt: 1 } })
      expect(await run(store.commit(actionOf(KEY, "d2")))).toMatchObject({ agrees: false, canonical: { digest: "d1" } })
      expect((await run(store.actions(KEY))).map(({ digest, nondeterministic }) => [digest, nondeterministic])).toEqual(
        [
          ["d1", false],
          ["d2", true]
        ]
      )
      expect(await run(store.action(KEY))).toMatchObject({ ...actionOf(KEY, "d1"), attempt: 1 })
    })

    it("makes a forced attempt the canonical one", async () => {
      await run(store.commit(actionOf(KEY, "d1")))
      const forced = await run(store.commit(actionOf(KEY, "d2"), { force: true }))
      expect(forced).toMatchObject({ agrees: false, canonical: { digest: "d2", attempt: 2, canonical: true } })
      expect(await run(store.action(KEY))).toMatchObject({ digest: "d2" })
    })

    it("has one canonical digest however many commit at once", async () => {
      const digests = Array.from({ length: 12 }, (_, i) => `d${i}`)
      const commits = await Promise.all(digests.map((digest) => run(store.commit(actionOf(KEY, digest)))))
      expect(new Set(commits.map(({ canonical }) => canonical.digest)).size).toBe(1)
      expect(commits.filter(({ agrees }) => agrees)).toHaveLength(1)
      const records = await run(store.actions(KEY))
      expect(records.map(({ attempt }) => attempt)).toEqual(digests.map((_, i) => i + 1))
      expect(records.filter(({ canonical }) => canonical)).toHaveLength(1)
    })

    it("takes a record with any flipped byte for none", async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), async (at) => {
          await run(store.commit(actionOf(KEY, "d1")))
          under.flipAction(KEY, 1, at)
          expect(await run(store.action(KEY))).toBeUndefined()
        }),
        { numRuns: 40 }
      )
    })
  })

  describe(`${name}: as a whole`, () => {
    it("lists its artifacts with the keys that stand for them", async () => {
      const { store, remove } = make()
      const digest = await put(store, { "a.txt": "12345" })
      await run(store.commit(actionOf(KEY, digest)))
      await run(store.commit(actionOf("cd".repeat(32), digest)))
      await run(store.commit(actionOf(KEY, "gone")))
      const rows = await run(store.list)
      // a.txt 5 bytes, artifact.json 29, metrics.json 3.
      expect(rows.find((row) => row.digest === digest)).toMatchObject({
        kind: "Files",
        size: 37,
        files: 3,
        present: 37
      })
      expect(rows.find((row) => row.digest === digest)?.keys.map(({ key }) => key.slice(0, 2))).toEqual(["ab", "cd"])
      expect(rows.find((row) => row.digest === "gone")).toMatchObject({ size: null, keys: [{ canonical: false }] })
      remove((await run(store.artifact(digest))).files[0]?.sha256 ?? "")
      expect((await run(store.list)).find((row) => row.digest === digest)).toMatchObject({ size: 37, present: 32 })
    })

    it("finds every flipped byte when it is verified, and nothing else", async () => {
      const under = make()
      const digest = await put(under.store, { "a.txt": "text", "big.bin": large(5 * MIB) })
      await run(under.store.commit(actionOf(KEY, digest)))
      const clean = await run(under.store.verify())
      expect(clean).toMatchObject({ objects: 5, actions: 1, damaged: [] })
      const big = (await run(under.store.artifact(digest))).files.find(({ path }) => path === "big.bin")?.sha256 ?? ""
      under.flip(big, 5 * MIB - 1)
      under.flipAction(KEY, 1, 99)
      const report = await run(under.store.verify())
      expect(report.damaged).toMatchObject([
        { what: "blob", name: big, usedBy: [{ digest, path: "big.bin" }] },
        { what: "action", name: `${KEY}/1` }
      ])
      under.flip(digest, 20)
      expect((await run(under.store.verify())).damaged).toMatchObject([{ what: "blob", name: digest }])
      expect((await run(under.store.verify())).damaged).toEqual([])
      expect(under.quarantine()).toHaveLength(3)
    })
  })
}
