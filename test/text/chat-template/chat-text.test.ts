import { readFileSync } from "node:fs"
import { it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { StageFailed } from "../../../src/stage/stage-failed.ts"
import { chatText } from "../../../src/text/chat-template/chat-text.ts"

const Golden = Schema.Struct({
  messages: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)),
  cases: Schema.Array(Schema.Struct({ template: Schema.String, text: Schema.NullOr(Schema.String) }))
})

const { cases, messages } = Schema.decodeUnknownSync(Golden)(
  JSON.parse(readFileSync(new URL("templates.json", import.meta.url), "utf8"))
)

const written = (template: string): string | null => {
  const text = chatText({ template, tokens: {} })
  if (text instanceof StageFailed) return null
  try {
    return text(messages, "a.jsonl:1")
  } catch {
    return null
  }
}

describe("a chat template", () => {
  for (const { template, text } of cases) {
    it(`${text === null ? "is refused" : "gives the text"} as in Python: ${template}`, () => {
      expect(written(template)).toBe(text)
    })
  }
})
