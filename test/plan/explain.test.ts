import { assert, describe, it } from "vitest"
import { explain, formatReason, formatReasons, hasNoResult, LOST } from "../../src/plan/explain.ts"
import type { KeyRecord } from "../../src/plan/key.ts"
import { KEY_FORMAT } from "../../src/plan/key.ts"
import { compiled, file, instance } from "./compile-text.ts"

const digest = (letter: string): string => letter.repeat(64)
const text = `params:
  lr: { type: number, default: 0.0002 }
stages:
  a: { uses: command, matrix: { n: [1, 2] }, with: { run: x } }
  c:
    uses: command
    with:
      run: "y"
      values: { lr: "\${{ params.lr }}", k: 3 }
      inputs: { one: "\${{ stages.a[n=1] }}", all: "\${{ stages.a[*] }}" }
  m: { uses: load-model, with: { source: "file:corpus" } }
`
const { instances } = compiled(file(text)).graph
const c = instance(instances, "c")
const m = instance(instances, "m")

const recordOf = (
  of: typeof c,
  change: { manifest?: Partial<KeyRecord["manifest"]>; notes?: Partial<KeyRecord["notes"]> } = {}
): KeyRecord => ({
  manifest: {
    format: KEY_FORMAT,
    kind: of.kind.name,
    code: { digest: digest("c"), packages: { arrow: "1.0.0" } },
    params: of.params,
    sources: {},
    inputs: {},
    facts: {},
    numerics: { precision: "f32" },
    ...change.manifest
  },
  notes: { codeFiles: { "stages/command.ts": digest("1"), "src/a.ts": digest("2") }, sources: {}, ...change.notes }
})

/** Reasons for `after`, when `before` was the last. */
const reasons = (of: typeof c, before: KeyRecord, after: KeyRecord): ReadonlyArray<string> =>
  explain(of, before, { facts: after.manifest, notes: after.notes, inputs: after.manifest.inputs }).map(formatReason)

describe("explain", () => {
  it("nothing has changed: no reasons", () => assert.deepStrictEqual(reasons(c, recordOf(c), recordOf(c)), []))

  it("never ran", () => {
    const now = recordOf(c)
    const found = explain(c, undefined, { facts: now.manifest, notes: now.notes, inputs: {} })
    assert.deepStrictEqual(found.map(formatReason), ["never ran"])
    assert.isTrue(hasNoResult(found))
  })

  it("it has run, but its record is lost: that is said, and not that it never ran", () => {
    const now = recordOf(c)
    const found = explain(c, LOST, { facts: now.manifest, notes: now.notes, inputs: {} })
    assert.deepStrictEqual(found.map(formatReason), ["the record of its last result is gone, or was damaged"])
    assert.isTrue(hasNoResult(found))
  })

  it("parameters: old and new value, and the line that the new one is from", () => {
    const before = recordOf(c, { manifest: { params: { ...c.params, run: "z", values: { lr: 0.0003, gone: true } } } })
    assert.deepStrictEqual(reasons(c, before, recordOf(c)), [
      "params.run z -> y (x.yaml:8)",
      "params.values.gone removed: true (x.yaml:9)",
      "params.values.k added: 3 (x.yaml:9)",
      "params.values.lr 0.0003 -> 0.0002 (x.yaml:2)"
    ])
  })

  it("a default that changed stands in no file", () => {
    const before = recordOf(c, { manifest: { params: { ...c.params, output: "Sae" } } })
    assert.deepStrictEqual(reasons(c, before, recordOf(c)), ["params.output Sae -> Files"])
  })

  it("code: which files; another bundle of the same files; packages", () => {
    const files = { "stages/command.ts": digest("9"), "src/b.ts": digest("3") }
    const code = { digest: digest("d"), packages: { arrow: "2.0.0", mathjs: "1.0.0" } }
    assert.deepStrictEqual(reasons(c, recordOf(c), recordOf(c, { manifest: { code }, notes: { codeFiles: files } })), [
      "code src/a.ts removed",
      "code src/b.ts added",
      "code stages/command.ts changed",
      "packages.arrow 1.0.0 -> 2.0.0",
      "packages.mathjs added: 1.0.0"
    ])
    const bundled = recordOf(c, { manifest: { code: { digest: digest("d"), packages: { arrow: "1.0.0" } } } })
    assert.deepStrictEqual(reasons(c, recordOf(c), bundled), ["code changed"])
  })

  it("sources: another one, its content, or the files of a folder that changed", () => {
    const source = (content: string, uri: string, files: Readonly<Record<string, string>>) =>
      recordOf(m, {
        manifest: { sources: { source: digest(content) } },
        notes: { sources: { source: { uri, files } } }
      })
    const folder = source("a", "file:corpus", { "a.txt": digest("1"), "b.txt": digest("2") })
    assert.deepStrictEqual(reasons(m, source("b", "builtin:x", {}), folder), [
      "sources.source builtin:x -> file:corpus (x.yaml:11)"
    ])
    assert.deepStrictEqual(
      reasons(
        m,
        folder,
        source("b", "file:corpus", { "a.txt": digest("1"), "b.txt": digest("3"), "c.txt": digest("4") })
      ),
      ["sources.source file:corpus b.txt changed (x.yaml:11)", "sources.source file:corpus c.txt added (x.yaml:11)"]
    )
    assert.deepStrictEqual(
      reasons(
        m,
        source("a", "file:corpus", { corpus: digest("a") }),
        source("b", "file:corpus", { corpus: digest("b") })
      ),
      ["sources.source file:corpus changed (x.yaml:11)"]
    )
    // Another name for the same bytes is no reason.
    assert.deepStrictEqual(reasons(m, source("a", "file:other", {}), source("a", "file:corpus", {})), [])
  })

  it("inputs: by name and coordinates", () => {
    const at = (n: number, letter: string) => ({ at: { n }, digest: digest(letter) })
    const before = recordOf(c, {
      manifest: { inputs: { inputs: { one: digest("a"), all: [at(1, "a"), at(2, "b")] } } }
    })
    const after = recordOf(c, {
      manifest: { inputs: { inputs: { one: digest("f"), all: [at(1, "a"), at(2, "f"), at(3, "b")] } } }
    })
    assert.deepStrictEqual(reasons(c, before, after), [
      "inputs.inputs.one changed (x.yaml:10)",
      "inputs.inputs.all[n=2] changed (x.yaml:10)",
      "inputs.inputs.all[n=3] added (x.yaml:10)"
    ])
    const swapped = recordOf(c, {
      manifest: { inputs: { inputs: { one: digest("a"), all: [at(2, "b"), at(1, "a")] } } }
    })
    assert.deepStrictEqual(reasons(c, before, swapped), ["inputs.inputs in another order (x.yaml:10)"])
    // A record that was kept has its coordinates in canonical order: the same place all the same.
    const list = (at: Readonly<Record<string, number>>, letter: string) =>
      recordOf(c, { manifest: { inputs: { inputs: [{ at, digest: digest(letter) }] } } })
    assert.deepStrictEqual(reasons(c, list({ seed: 0, width: 2 }, "a"), list({ width: 2, seed: 0 }, "b")), [
      "inputs.inputs[width=2,seed=0] changed (x.yaml:10)"
    ])
  })

  it("facts, numerics, the key format", () => {
    const before = recordOf(c, { manifest: { facts: { python: "3.11", "score.py": digest("1") }, format: 0 } })
    const after = recordOf(c, {
      manifest: { facts: { python: "3.12", "score.py": digest("2") }, numerics: { precision: "bf16", threads: 2 } }
    })
    assert.deepStrictEqual(reasons(c, before, after), [
      `key format 0 -> ${KEY_FORMAT}`,
      "facts.python 3.11 -> 3.12",
      "facts.score.py changed",
      "numerics.precision f32 -> bf16",
      "numerics.threads added: 2"
    ])
  })
})

describe("formatReasons", () => {
  const reason = (path: string) => ({ path, before: digest("a"), after: digest("b"), source: null })

  it("counts the files of changed code where they are many, after what a person changed", () => {
    const files = ["src/a.ts", "src/b.ts", "src/c.ts", "src/d.ts"].map((file) => reason(`code ${file}`))
    assert.deepStrictEqual(
      formatReasons(files.slice(1)),
      [1, 2, 3].map((i) => `code src/${"abcd"[i]}.ts changed`)
    )
    assert.deepStrictEqual(formatReasons([...files, reason("inputs.sae")]), [
      "inputs.sae changed",
      "code of 4 files: src/a.ts, src/b.ts, ... (`pipeline why` names all)"
    ])
  })
})
