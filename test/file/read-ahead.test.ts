import { spawnSync } from "node:child_process"
import { closeSync, openSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readAhead } from "../../src/file/read-ahead.ts"
import { temporaryDirectory } from "../artifact/folder-artifact.ts"

const pageBytes = 4096
const pages = 2048

/** Pages of the file that the system has in memory; undefined where that cannot be told. */
const inMemory = (path: string): number | undefined => {
  const { status, stdout } = spawnSync("fincore", ["--bytes", "--noheadings", "--output", "RES", path], {
    encoding: "utf8"
  })
  return status === 0 ? Number(stdout) / pageBytes : undefined
}

it.effect("pieces that will be asked for are in the system's memory before they are", (context) =>
  Effect.gen(function* () {
    const path = join(yield* temporaryDirectory, "rows")
    writeFileSync(path, new Uint8Array(pages * pageBytes))
    // Written to the disk, and let go of.
    spawnSync("dd", [`of=${path}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
    if (inMemory(path) !== 0) return context.skip("the system keeps the file in memory, or does not tell")
    const file = openSync(path, "r")
    const ahead = yield* readAhead(file)
    // Far enough apart that one does not bring the next.
    const wanted = Float64Array.from({ length: 16 }, (_, i) => (i * pages * pageBytes) / 16)
    ahead(wanted, 100)
    while ((inMemory(path) ?? 0) < 16) yield* Effect.promise(() => new Promise((next) => setTimeout(next, 20)))
    expect(inMemory(path)).toBeLessThan(pages)
    closeSync(file)
  }).pipe(Effect.scoped)
)
