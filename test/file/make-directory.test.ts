import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { makeDirectory } from "../../src/file/make-directory.ts"

const root = mkdtempSync(join(tmpdir(), "make-directory-"))
afterAll(() => rmSync(root, { recursive: true }))

it("makes parents, and is content with what is there", async () => {
  const many = Array.from({ length: 50 }, (_, i) => join(root, "at", "once", `${i % 5}`, "deep", `${i}`))
  await Promise.all(many.map(makeDirectory))
  expect(many.every(existsSync)).toBe(true)
  await makeDirectory(join(root, "a", "b", "c"))
  await makeDirectory(join(root, "a", "b", "c"))
  expect(existsSync(join(root, "a", "b", "c"))).toBe(true)
})

it.skipIf(!existsSync("/proc/self"))("does not ask for ever where no folder can be made", async () => {
  await expect(makeDirectory("/proc/no/such/store")).rejects.toThrow("/proc: no folder can be made in it (ENOENT)")
})

it("names a link to what is not there", async () => {
  symlinkSync(join(root, "unmounted"), join(root, "link"))
  await expect(makeDirectory(join(root, "link", "runs"))).rejects.toThrow(
    /link: is a link to .*unmounted, which is not/
  )
})
