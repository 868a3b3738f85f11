/** All documents of a source of text, in memory: for what needs the whole text at once, as training a tokenizer does. */
import * as Effect from "effect/Effect"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource } from "../stage/source.ts"
import { documentFailure } from "./documents/document-failure.ts"
import { DocumentProblem, placeOf } from "./documents/document-file.ts"
import { openDocuments } from "./documents/open-documents.ts"
import { selectFiles } from "./documents/select-files.ts"
import { savedDataset } from "./documents/saved-dataset.ts"
import type { TextDocument } from "../source/builtin/text-document.ts"

const wholeText = async (text: string | AsyncIterable<string>): Promise<string> => {
  if (typeof text === "string") return text
  let whole = ""
  for await (const piece of text) whole += piece
  return whole
}

export const sourceTexts = Effect.fn("sourceTexts")(function* (source: ResolvedSource) {
  const dataset = yield* savedDataset(source)
  const chosen = selectFiles(dataset, { split: null, config: null, files: null }, dataset.splits)
  if ("problem" in chosen) return yield* stageFailed(`source ${source.uri}: ${chosen.problem}`, chosen.remedy)
  const { files, read } = openDocuments(source, chosen, null)
  return yield* Effect.tryPromise({
    try: async () => {
      const texts: Array<TextDocument> = []
      for await (const { file, row, content } of read()) {
        const name = placeOf(files[file] as string, row)
        if (content.type !== "text") {
          throw new DocumentProblem(name, `it holds ${content.type}, no text`, "Give plain text, or a field with text.")
        }
        texts.push({ name, text: await wholeText(content.text) })
      }
      return texts as ReadonlyArray<TextDocument>
    },
    catch: documentFailure(source)
  })
})
