import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { openFileIndex } from "../../src/file/file-index.ts"
import { readSourceFile } from "../../src/source/read-source.ts"
import { resolveSource } from "../../src/source/resolve-source.ts"

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "source-"))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const resolve = async (uri: string, of: "model" | "text" = "text") => {
  const index = await openFileIndex(join(root, ".index.json"), "1")
  const source = await Effect.runPromise(resolveSource(uri, of, root, index))
  await index.save()
  return source
}
const failure = (uri: string, of: "model" | "text" = "text"): Promise<string> =>
  resolve(uri, of).then(
    () => "no error",
    (error: Error) => error.message
  )
/** Old enough for the index to trust its mtime. */
const age = (path: string): void => utimesSync(path, 1_600_000_000, 1_600_000_000)

describe("resolveSource", () => {
  it("sees a word changed in a file, even when size and mtime stay the same for a moment", async () => {
    const file = join(root, "corpus.txt")
    writeFileSync(file, "the cat sat")
    const first = await resolve("file:corpus.txt")
    writeFileSync(file, "the dog sat")
    const second = await resolve("file:corpus.txt")
    assert.notStrictEqual(second.digest, first.digest)
  })

  it("gives the same digest from the index as from the bytes, and after a touch", async () => {
    const file = join(root, "corpus.txt")
    writeFileSync(file, "the cat sat")
    age(file)
    const first = await resolve("file:corpus.txt")
    assert.strictEqual((await resolve("file:corpus.txt")).digest, first.digest)
    utimesSync(file, 1_600_000_100, 1_600_000_100)
    assert.strictEqual((await resolve("file:corpus.txt")).digest, first.digest)
    writeFileSync(file, "the dog sat")
    utimesSync(file, 1_600_000_200, 1_600_000_200)
    assert.notStrictEqual((await resolve("file:corpus.txt")).digest, first.digest)
  })

  it("takes a file by its name, which says how it is read, and by its content, wherever it lies", async () => {
    mkdirSync(join(root, "elsewhere"))
    writeFileSync(join(root, "a.txt"), "text")
    writeFileSync(join(root, "elsewhere", "a.txt"), "text")
    writeFileSync(join(root, "a.jsonl"), "text")
    const first = await resolve("file:a.txt")
    const moved = await resolve("file:elsewhere/a.txt")
    assert.strictEqual(moved.digest, first.digest)
    assert.deepStrictEqual([first.name, moved.name], ["file:a.txt", "file:a.txt"])
    assert.notStrictEqual((await resolve("file:a.jsonl")).digest, first.digest)
  })

  it("takes a folder by the names and contents of its files, without dot files", async () => {
    mkdirSync(join(root, "model"))
    writeFileSync(join(root, "model", "config.json"), "{}")
    writeFileSync(join(root, "model", "weights"), "w")
    const first = await resolve("file:model", "model")
    assert.deepStrictEqual(
      first.files.map(({ name }) => name),
      ["config.json", "weights"]
    )
    writeFileSync(join(root, "model", ".DS_Store"), "x")
    assert.strictEqual((await resolve("file:model", "model")).digest, first.digest)
    renameSync(join(root, "model", "weights"), join(root, "model", "weights2"))
    assert.notStrictEqual((await resolve("file:model", "model")).digest, first.digest)
  })

  it("takes a GGUF file as a model by its first bytes, whatever it is called, and nothing else", async () => {
    writeFileSync(join(root, "weights.bin"), "GGUF and so on")
    writeFileSync(join(root, "other.gguf"), "not one")
    const source = await resolve("gguf:weights.bin", "model")
    assert.deepStrictEqual(
      source.files.map(({ name }) => name),
      ["weights.bin.gguf"]
    )
    assert.include(await failure("gguf:other.gguf", "model"), "other.gguf does not begin with GGUF")
    assert.include(await failure("gguf:nowhere.gguf", "model"), "nowhere.gguf")
    assert.include(await failure("gguf:weights.bin", "text"), "a GGUF file is a model, and no text")
  })

  it("says what is missing and what to write instead", async () => {
    assert.include(await failure("file:nowhere.txt"), "nowhere.txt: there is no such file or folder")
    assert.include(await failure("builtin:speler-text"), `did you mean "speller-text"?`)
    assert.include(await failure("ftp://x"), "write builtin:..., file:..., gguf:..., hf:..., pypi:...")
  })

  it("tells a pointer of Git LFS from the file that it stands for", async () => {
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"0a".repeat(32)}\nsize 548105171\n`
    const why = async (text: string) => {
      writeFileSync(join(root, "model.safetensors"), text)
      const source = await resolve("file:model.safetensors", "model")
      const [file] = source.files
      if (file === undefined) throw new Error("no file")
      const read = readSourceFile(source, file).pipe(Effect.map(() => "read"))
      return Effect.runPromise(Effect.catch(read, ({ message }) => Effect.succeed(message)))
    }
    assert.match(
      await why(pointer),
      /model\.safetensors: it is a pointer of Git LFS, .* 548105171 bytes .*`git lfs pull`/
    )
    assert.match(await why(pointer.replace("oid", "ext-0-foo sha256:ab\noid")), /it is a pointer of Git LFS/)
    assert.strictEqual(await why(`${pointer}and more`), "read")
    assert.strictEqual(await why(`About pointers: ${pointer}`), "read")
    assert.strictEqual(await why(""), "read")
  })

  it("refuses to read a file that has changed since its digest was taken", async () => {
    writeFileSync(join(root, "a.txt"), "text")
    const source = await resolve("file:a.txt")
    const [file] = source.files
    assert.isDefined(file)
    if (file === undefined) return
    assert.strictEqual(String(Buffer.from(await Effect.runPromise(readSourceFile(source, file)))), "text")
    writeFileSync(join(root, "a.txt"), "next")
    const error = await Effect.runPromise(Effect.flip(readSourceFile(source, file)))
    assert.include(error.message, "has changed since this run was planned")
  })
})
