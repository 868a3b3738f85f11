import { expect, it } from "vitest"
import type { Artifact } from "../../../src/artifact/artifact.ts"
import { otherModels } from "../../../src/execute/worker/other-models.ts"
import type { Opened } from "../../../src/stage/input.ts"

const opened = (kind: string, value: object): Opened<unknown> => ({
  value,
  // As much of an artifact as is looked at.
  artifact: { kind } as Artifact,
  at: {}
})
const sae = (model: string | null) => opened("Sae", { model, rows: "activations" })
const model = (digest: string) => opened("LanguageModel", { digest })
const rows = (of: string) => opened("Activations", { model: of, digest: "rows" })

it("an SAE on a model that it was not trained on is told, whatever the shape of the inputs", () => {
  expect(otherModels({ sae: sae("aaaaaaaaaa"), model: model("bbbbbbbbbb") })).toEqual([
    "sae: the SAE was trained on model aaaaaaaa, and read here on bbbbbbbb: on its own model figures are others"
  ])
  const [line] = otherModels({ saes: [sae("a"), sae("a"), sae("b")], activations: [rows("b")] })
  expect(line).toMatch(/^saes: 2 SAEs were trained on model a, and read here on b:/)
  expect(otherModels({ sources: { x: [sae("a")] }, activations: rows("b") })).toHaveLength(1)
})

it("nothing is told of an SAE on its own model, of several models with their own, or where a model is not known", () => {
  expect(otherModels({ sae: sae("a"), model: model("a"), activations: rows("a"), answers: undefined })).toEqual([])
  expect(otherModels({ saes: [sae("a"), sae("b")], activations: [rows("a"), rows("b")] })).toEqual([])
  expect(otherModels({ sae: sae(null), model: model("a") })).toEqual([])
  expect(otherModels({ sae: sae("a"), activations: rows("") })).toEqual([])
  expect(otherModels({ sae: sae("a") })).toEqual([])
  expect(otherModels({ sae: opened("Sae", { model: "b", rows: "decoder" }), model: model("a") })).toEqual([])
})
