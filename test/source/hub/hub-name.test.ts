import { assert, describe, it } from "vitest"
import { parseHubName, pinnedHubName } from "../../../src/source/hub/hub-name.ts"

const parsed = (uri: string): string => {
  const name = parseHubName(uri)
  return name === undefined ? "none" : [name.type, name.repo, name.revision, name.path].join(" | ")
}

describe("parseHubName", () => {
  it("takes a repository, a revision and a path apart", () => {
    assert.strictEqual(parsed("hf:openai-community/gpt2"), "model | openai-community/gpt2 | main | ")
    assert.strictEqual(parsed("hf:gpt2@v1.0"), "model | gpt2 | v1.0 | ")
    assert.strictEqual(
      parsed("hf:datasets/org/name@refs/convert/parquet"),
      "dataset | org/name | refs/convert/parquet | "
    )
    assert.strictEqual(
      parsed("hf:google/gemma-scope-2b-pt-res@main/layer_12/width_16k/average_l0_82"),
      "model | google/gemma-scope-2b-pt-res | main | layer_12/width_16k/average_l0_82"
    )
    assert.strictEqual(parsed("hf:org/name@refs/pr/3/sub/model.gguf"), "model | org/name | refs/pr/3 | sub/model.gguf")
    assert.strictEqual(parsed("hf:org/name@feature%2Fx/sub"), "model | org/name | feature/x | sub")
    assert.strictEqual(parsed("hf:org/name/sub/"), "model | org/name | main | sub")
  })

  it("refuses what could leave the repository or names none", () => {
    for (const uri of [
      "hf:",
      "hf:org/name@main/../x",
      "hf:org/name@main//x",
      "hf:-org/name",
      "hf:org/na me",
      "hf:a@b@c"
    ]) {
      assert.strictEqual(parsed(uri), "none", uri)
    }
  })

  it("puts a commit in the place of the revision", () => {
    const commit = "a".repeat(40)
    assert.strictEqual(pinnedHubName("hf:datasets/o/n@main/train", commit), `hf:datasets/o/n@${commit}/train`)
    assert.strictEqual(pinnedHubName("hf:o/n", commit), `hf:o/n@${commit}`)
  })
})
