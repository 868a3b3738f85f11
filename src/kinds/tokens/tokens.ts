/**
 * The artifact kind Tokens: token ids in contexts of one fixed length, in a fixed order, with the document of each id.
 * The ids may stand for pieces of text or for any other symbols, such as the moves of a game.
 *
 * Files: `tokens.json` (`TokensInfo`), `tokens.arrow` (one row a context: `ids` and `documents`, both
 * FixedSizeList<Int32>[context_size]), where documents have names `documents.json` (the files that they are from) and
 * `documents.arrow` (`file` and `row` of each), and where the ids are of a vocabulary of their own its `tokenizer.json`.
 */
import * as Effect from "effect/Effect"
import { makeKind } from "../../artifact/artifact-kind.ts"

export const Tokens = makeKind({
  name: "Tokens",
  version: 2,
  description: "token ids in contexts of one length, with the document of each",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-tokens.ts")),
      (module) => module.readTokens(artifact)
    )
})
