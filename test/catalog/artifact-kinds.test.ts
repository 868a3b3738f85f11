import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "vitest"
import * as Effect from "effect/Effect"
import { artifactKinds } from "../../src/catalog/artifact-kinds.ts"

it("every artifact kind of ours is found by its name, and each name is one", async () => {
  const { names, load } = await Effect.runPromise(artifactKinds(join(tmpdir(), "no such project")))
  assert.includeMembers([...names], ["Activations", "Evaluation", "Files", "LanguageModel", "Sae", "Tokens"])
  for (const name of names) assert.strictEqual((await Effect.runPromise(load(name))).name, name)
  const unknown = await Effect.runPromise(Effect.flip(load("LangaugeModel")))
  assert.include(unknown.message, 'there is no artifact kind "LangaugeModel"; did you mean "LanguageModel"?')
})
