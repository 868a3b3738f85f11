import { expect, it } from "vitest"
import { installLines } from "../../../src/cli/render/install-lines.ts"

const shown = (isTTY: boolean): string => {
  let text = ""
  const lines = installLines({ isTTY, write: (part: string) => (text += part) })
  for (let done = 0; done <= 10; done++) {
    lines.onProgress({ step: "download", message: "downloading", done: done * 2 ** 20, total: 10 * 2 ** 20 })
  }
  lines.onProgress({ step: "check", message: "checking" })
  lines.close()
  return text
}

it("one download is one line, written over on a terminal", () => {
  expect(shown(false)).toBe("downloading\nchecking\n")
  expect(shown(true).split("\n")).toHaveLength(3)
  expect(shown(true)).toContain("\r\u001B[2Kdownloading 10.0 MiB of 10.0 MiB\n\r\u001B[2Kchecking\n")
})
