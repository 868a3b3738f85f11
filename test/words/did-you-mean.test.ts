import { assert, describe, it } from "vitest"
import { editDistance, nearest, suggest, suggestOrList } from "../../src/words/did-you-mean.ts"

describe("did you mean", () => {
  it("counts insertions, deletions, substitutions and swapped neighbours", () => {
    assert.strictEqual(editDistance("sae", "sae"), 0)
    assert.strictEqual(editDistance("sea", "sae"), 1)
    assert.strictEqual(editDistance("tokns", "tokens"), 1)
    assert.strictEqual(editDistance("kitten", "sitting"), 3)
    assert.strictEqual(editDistance("", "abc"), 3)
  })

  it("knows what other libraries call so, and what a word is the beginning of", () => {
    assert.strictEqual(nearest("learning_rate", ["lr", "k", "steps"]), "lr")
    assert.strictEqual(nearest("dict_size", ["lr", "d_sae"]), "d_sae")
    assert.isUndefined(nearest("dict_size", ["lr", "k"]))
    assert.strictEqual(nearest("matryoshka", ["batch_topk", "matryoshka_batch_topk"]), "matryoshka_batch_topk")
    assert.isUndefined(nearest("batch", ["batch_topk", "batch_rows"]))
  })

  it("names the nearest that is near, else nothing or all", () => {
    assert.strictEqual(nearest("widht", ["depth", "width"]), "width")
    assert.isUndefined(nearest("zebra", ["depth", "width"]))
    // One letter for another is another name, not a slip.
    assert.isUndefined(nearest("d", ["a", "b"]))
    assert.strictEqual(suggest("tokns", ["tokens"]), '; did you mean "tokens"?')
    assert.strictEqual(suggestOrList("zebra", ["depth", "width"]), "; there are depth, width")
    assert.strictEqual(suggestOrList("zebra", ["depth"]), "; there is only depth")
    assert.strictEqual(suggestOrList("zebra", []), "")
  })
})
