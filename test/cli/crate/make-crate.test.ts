import { assert, describe, it } from "vitest"
import { makeCrate } from "../../../src/cli/crate/make-crate.ts"
import type { CrateStage } from "../../../src/cli/crate/crate-input.ts"

const stage = (id: string, inputs: ReadonlyArray<string> = []): CrateStage => ({
  id,
  kind: "train sae",
  summary: "Trains",
  params: { k: 8, "odd name": ["a"] },
  sources: { text: "file:corpus.txt" },
  inputs,
  key: "k",
  digest: "d",
  output: "Sae",
  bytes: 3,
  metrics: { loss: 0.5 },
  codeDigest: "c",
  packages: { "apache-arrow": "21.2.0" },
  started: "2026-01-01T00:00:00+00:00",
  ended: undefined,
  seconds: 2,
  machine: { node: "v22" },
  folder: `results/${id}/`,
  files: [{ path: `results/${id}/result.json`, size: 3, sha256: "ab" }]
})

interface Entity {
  readonly "@id": string
  readonly "@type": unknown
}

/** All `{ "@id": ... }` that are no entity themselves. */
const references = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(references)
  if (typeof value !== "object" || value === null) return []
  const entries = Object.entries(value)
  return entries.length === 1 && entries[0]?.[0] === "@id"
    ? [String(entries[0][1])]
    : entries.flatMap(([, inner]) => references(inner))
}

describe("a crate", () => {
  it("is a flat graph in which every entity stands once, is referred to, and every reference within the crate leads to one", () => {
    const file = { path: "experiments/x y.yaml", size: 1, sha256: "cd" }
    const made = makeCrate({
      name: "x",
      description: "x",
      published: "2026-01-01T00:00:00+00:00",
      licence: undefined,
      version: "1",
      params: { widths: [1, 2] },
      sources: [file, { ...file, path: "pipelines/sae.yaml" }],
      readme: { ...file, path: "README.md" },
      stages: [stage("a[w=1]"), stage('a[w="é/ü"]'), stage("b", ["a[w=1]", 'a[w="é/ü"]'])]
    }) as { readonly "@graph": ReadonlyArray<Entity> }
    const graph = made["@graph"]
    const ids = graph.map((entity) => entity["@id"])
    assert.strictEqual(new Set(ids).size, ids.length)
    const told = references(graph)
    assert.deepStrictEqual(
      told.filter((id) => !/^https?:/.test(id) && !ids.includes(id)),
      []
    )
    assert.deepStrictEqual(
      ids.filter((id) => !told.includes(id)),
      ["ro-crate-metadata.json"]
    )
    assert.isTrue(ids.every((id) => URL.canParse(id, "file:///crate/")))
    const action = graph.find((entity) => entity["@id"] === "#action-b")
    assert.includeMembers([...references(action)], ["results/a%5Bw%3D1%5D/", "results/b/", "#kind-train%20sae"])
    const [root] = graph.filter((entity) => entity["@id"] === "./")
    assert.include(references(root), "experiments/x%20y.yaml")
  })
})
