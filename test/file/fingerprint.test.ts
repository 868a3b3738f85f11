import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { expect, it, onTestFinished } from "vitest"
import { isUnchanged, takeFingerprint } from "../../src/file/fingerprint.ts"

it("a file that was written again in the same size and set back to its time has changed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "fingerprint-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const path = join(directory, "a.txt")
  const write = (text: string): void => {
    writeFileSync(path, text)
    utimesSync(path, 1_600_000_000, 1_600_000_000)
  }
  write("the cat sat")
  const before = await takeFingerprint(path)
  expect(await isUnchanged(path, before)).toBe(true)
  // Longer than a tick of the file system's clock.
  await setTimeout(30)
  write("the dog sat")
  expect(await isUnchanged(path, before)).toBe(false)
  write("the cat sat")
  expect(await isUnchanged(path, before)).toBe(true)
})
