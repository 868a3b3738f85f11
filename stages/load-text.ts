/** Text from a source, tokenized with a model's tokenizer and packed into contexts; or sequences of ids or symbols. */
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Tokenizer } from "../src/kinds/tokenizer.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import { decodeLoadText, loadTextParams } from "../src/text/load-text-params.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("load-text", {
  summary: "Tokenizes a text for a model and packs it into contexts; token ids and symbols of a vocabulary work too",
  sources: {
    source: {
      of: "text",
      description:
        "builtin:speller-text, builtin:texts (addresses, a novel, the Brown corpus: sotu/*, moby-dick/*, brown/*), or file:PATH of plain text, JSON lines, a JSON array (all also .gz or .zst), Parquet or Arrow, or of a folder of such files"
    }
  },
  inputs: {
    model: Stage.optional(LanguageModel, "the model whose tokenizer is used, or whose vocabulary the ids are of"),
    tokenizer: Stage.optional(Tokenizer, "instead of a model: a tokenizer alone")
  },
  params: loadTextParams,
  decode: decodeLoadText,
  output: Tokens,
  metrics: {
    tokens: { better: "neither", tolerance: 0, description: "token ids, BOS included" },
    missing_tokens: { better: "lower", tolerance: 0, description: "tokens wanted that the source does not have" },
    contexts: { better: "neither", tolerance: 0, description: "contexts" },
    documents: { better: "neither", tolerance: 0, description: "documents" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/model/text-stage.ts"),
    (module) => module.textStage
  )
})
