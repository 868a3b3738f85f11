/** A byte-level BPE tokenizer of one's own, trained on a text (and, for the speller corpus, on its drill words). */
import { Tokenizer } from "../src/kinds/tokenizer.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("train-tokenizer", {
  summary: "Trains a byte-level BPE tokenizer on a text and writes it as tokenizer.json",
  sources: {
    text: { of: "text", default: "builtin:speller-text", description: "training text; its held-out part is not used" }
  },
  inputs: {},
  params: {
    vocab_size: Param.integer({
      default: 6144,
      minimum: 257,
      maximum: 1_000_000,
      unit: "tokens",
      description: "tokens wanted; id 0 is <|endoftext|>, then come the 256 bytes"
    })
  },
  output: Tokenizer,
  metrics: {
    vocab_size: { better: "neither", tolerance: 0, description: "tokens" },
    characters_per_token: { optional: true, better: "higher", tolerance: 0.01, description: "on held-out text" }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/text/tokenizer-stage.ts"),
    (module) => module.tokenizerStage
  )
})
