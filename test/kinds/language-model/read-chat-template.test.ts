import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { readChatTemplate } from "../../../src/kinds/language-model/read-chat-template.ts"
import { folderArtifact, temporaryDirectory } from "../../artifact/folder-artifact.ts"

it.effect("the chat template of a folder is the one that transformers takes, with the tokens that it speaks of", () =>
  Effect.gen(function* () {
    const read = (files: Readonly<Record<string, string>>) =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
        return yield* readChatTemplate(folderArtifact(directory, "LanguageModel"))
      })
    const tokens = { bos_token: { content: "<s>", lstrip: false }, eos_token: "</s>", pad_token: null, other: "x" }
    const config = (chat: unknown): string => JSON.stringify({ ...tokens, chat_template: chat })
    const spoken = { bos_token: "<s>", eos_token: "</s>" }
    expect(yield* read({ "tokenizer_config.json": config("one") })).toEqual({ template: "one", tokens: spoken })
    const several = [
      { name: "tool_use", template: "tools" },
      { name: "default", template: "two" }
    ]
    expect(yield* read({ "tokenizer_config.json": config(several) })).toMatchObject({ template: "two" })
    const alone = { "chat_template.jinja": "three", "tokenizer_config.json": config("one") }
    expect(yield* read(alone)).toEqual({ template: "three", tokens: spoken })
    expect(yield* read({ "tokenizer_config.json": config(undefined) })).toBeUndefined()
    expect(yield* read({})).toBeUndefined()
  })
)
