import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { findSecret, redactor, secretInText, type Secret } from "../../src/command/secrets.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

const key: Secret = {
  name: "KEY",
  value: "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\r\n  aQABAoIB5tYw==\n}\n-----END PRIVATE KEY-----\n"
}

describe("secrets", () => {
  it("of several lines are hidden line by line, and what is too short to tell anything stays", () => {
    const redact = redactor([key])
    const shown = key.value.split("\n").map(redact)
    expect(shown.join("\n")).toBe("***\n***\r\n  ***\n}\n***\n")
    expect(redact(`"key": ${JSON.stringify(key.value)}`)).not.toMatch(/MIIE|oIB5/)
    expect(redact("a } of a program")).toBe("a } of a program")
  })

  it("are hidden whatever else holds them: the longest first", () => {
    const redact = redactor([
      { name: "A", value: "abc" },
      { name: "B", value: "xabcx" }
    ])
    expect(redact("xabcx abc")).toBe("*** ***")
  })

  let folder = ""
  beforeEach(() => {
    folder = mkdtempSync(join(temporaryRoot, "secrets-test-"))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const token: Secret = { name: "TOKEN", value: "hf_abcdefghij" }

  it("are found wherever they stand in a file, across the pieces that are read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -15, max: 2 }), async (shift) => {
        const bytes = Buffer.alloc((1 << 20) + 64)
        bytes.write(token.value, (1 << 20) + shift + 12)
        writeFileSync(join(folder, "weights.bin"), bytes)
        expect(await findSecret(folder, [key, token])).toEqual({ name: "TOKEN", path: "weights.bin" })
        bytes[(1 << 20) + shift + 12] = 0
        writeFileSync(join(folder, "weights.bin"), bytes)
        expect(await findSecret(folder, [key, token])).toBeUndefined()
      }),
      { numRuns: 18 }
    )
  })

  it("are found in names, behind links, and by one line of many; a link to a folder is nobody's file", async () => {
    mkdirSync(join(folder, "out"))
    symlinkSync(folder, join(folder, "out", "up"))
    writeFileSync(join(folder, "config.json"), "{ aQABAoIB5tYw== }")
    expect(await findSecret(join(folder, "out"), [key])).toBeUndefined()
    symlinkSync(join(folder, "config.json"), join(folder, "out", "link"))
    expect(await findSecret(join(folder, "out"), [key])).toEqual({ name: "KEY", path: "link" })
    rmSync(join(folder, "out", "link"))
    writeFileSync(join(folder, "out", `${token.value}.txt`), "")
    expect(await findSecret(join(folder, "out"), [token])).toEqual({ name: "TOKEN", path: "***.txt" })
    expect(secretInText(`pip freeze with ${token.value}`, [key, token])).toBe("TOKEN")
  })
})
