/** The chat template of a Hugging Face folder: `chat_template.jinja`, or `chat_template` of tokenizer_config.json. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../../artifact/artifact.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import type { ChatTemplate } from "./language-model-handle.ts"

/** Files that it stands in, and the tokens that it speaks of. */
export const chatFiles = ["chat_template.jinja", "tokenizer_config.json"] as const

const Named = Schema.Array(Schema.Struct({ name: Schema.String, template: Schema.String }))
const Config = Schema.Record(Schema.String, Schema.Unknown)
const isNamed = Schema.is(Named)
const isToken = Schema.is(Schema.Struct({ content: Schema.String }))

/** Of several templates that have names the one called default. */
const templateIn = (config: Readonly<Record<string, unknown>>): string | undefined => {
  const value = config["chat_template"]
  if (typeof value === "string") return value
  return isNamed(value) ? value.find(({ name }) => name === "default")?.template : undefined
}

const tokensIn = (config: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => {
      if (!name.endsWith("_token")) return []
      const text = isToken(value) ? value.content : value
      return typeof text === "string" ? [[name, text]] : []
    })
  )

/** undefined where the folder has none. */
export const readChatTemplate = Effect.fn("readChatTemplate")(function* (artifact: Artifact) {
  const [alone, configFile] = chatFiles
  const config = artifact.has(configFile) ? yield* readJsonFile(artifact, configFile, Config) : {}
  const template = artifact.has(alone) ? yield* artifact.readText(alone) : templateIn(config)
  const chat: ChatTemplate | undefined = template === undefined ? undefined : { template, tokens: tokensIn(config) }
  return chat
})
