import { expect, it } from "vitest"
import * as Effect from "effect/Effect"
import { detectFormat } from "../../../src/kinds/sae/formats.ts"
import { filesFolder } from "../../artifact/directory-folder.ts"

it("where SAEs stand one folder further down, these folders are named", async () => {
  const folder = (names: ReadonlyArray<string>) => filesFolder(new Map(names.map((name) => [name, new Uint8Array(8)])))
  const why = (names: ReadonlyArray<string>) =>
    Effect.runPromise(
      Effect.scoped(Effect.flip(detectFormat(folder(names)))).pipe(Effect.map(({ message }) => message))
    )
  const sparsify = ["layers.1/cfg.json", "layers.1/sae.safetensors", "layers.2/cfg.json", "layers.2/sae.safetensors"]
  expect(await why(sparsify)).toContain("; if it is in a folder of it, name that: layers.1, layers.2; known are")
  expect(await why(["readme.txt"])).not.toContain("name that")
})
