/**
 * Answers by what was asked, kept for all projects of a user: what was paid for once is not asked again, by a run that was
 * killed or by one with other latents. A file that cannot be read is as good as none.
 */
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { writeAtomic } from "../file/atomic-write.ts"
import { decodeSealed, sealJson } from "../file/sealed-json.ts"
import { userCache } from "../project/user-cache.ts"
import { ChatAnswer } from "./chat-model.ts"

const decode = decodeSealed(ChatAnswer)

/** @param asked everything that decides the answer: the address and the body of the request, without any key */
const fileOf = (asked: string): string => {
  const digest = createHash("sha256").update(asked).digest("hex")
  return join(userCache(), "answers", digest.slice(0, 2), `${digest}.json`)
}

export const keptAnswer = (asked: string): Effect.Effect<ChatAnswer | undefined> =>
  Effect.promise(() => readFile(fileOf(asked), "utf8").catch(() => "")).pipe(
    Effect.map((text) => Option.getOrUndefined(decode(text)))
  )

/** A full disk costs the next run its money, not this one its answer. */
export const keepAnswer = (asked: string, answer: ChatAnswer): Effect.Effect<void> =>
  Effect.promise(() => writeAtomic(fileOf(asked), sealJson(JSON.stringify(answer)), 0o600).catch(() => {}))
