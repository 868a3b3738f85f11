/**
 * A server of the chat completions protocol (llama.cpp, vLLM, Ollama, hosted ones) as a chat model. Its address is
 * `<endpoint>/chat/completions`; the key comes from the environment and goes into one header, nowhere else.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isOffline } from "../project/offline.ts"
import { stageFailed, type StageFailed } from "../stage/stage-failed.ts"
import type { ChatAnswer, ChatModel, ChatRequest } from "./chat-model.ts"
import { type ChatRefusal, refusalOf, unreachable, unreadable } from "./chat-refusal.ts"
import { keepAnswer, keptAnswer } from "./kept-answers.ts"
import { openGate, type RequestGate } from "./request-gate.ts"

export interface EndpointOptions {
  /** Up to and with `/v1`. */
  readonly endpoint: string
  readonly model: string
  /** Name of the environment variable that holds the key. Without a value no key is sent: local servers ask for none. */
  readonly keyName: string
  readonly temperature: number
  readonly seed: number
  /** Seconds that one answer may take. */
  readonly timeout: number
  /** Requests that may be sent, tries again included; null: any number. */
  readonly maxRequests: number | null
  /** Tokens, read and written, from which on nothing more is asked; null: any number. */
  readonly maxTokens: number | null
}

const tries = 6
const firstWait = 1000
const longestWait = 120_000
/** Alternatives asked for each token: more than there are digits. */
const topLogprobs = 20

const Alternative = Schema.Struct({ token: Schema.String, logprob: Schema.Finite })

const Completion = Schema.Struct({
  choices: Schema.NonEmptyArray(
    Schema.Struct({
      message: Schema.Struct({ content: Schema.NullOr(Schema.String) }),
      logprobs: Schema.optional(
        Schema.NullOr(
          Schema.Struct({
            content: Schema.optional(
              Schema.NullOr(
                Schema.Array(Schema.Struct({ token: Schema.String, top_logprobs: Schema.Array(Alternative) }))
              )
            )
          })
        )
      )
    })
  ),
  usage: Schema.optional(
    Schema.NullOr(Schema.Struct({ prompt_tokens: Schema.Finite, completion_tokens: Schema.Finite }))
  )
})

const decodeCompletion = Schema.decodeUnknownOption(Schema.fromJsonString(Completion))

const causeOf = (error: unknown): string => {
  const { cause, message, name } = error as Partial<Error>
  if (name === "TimeoutError") return "no answer in time"
  return cause instanceof Error
    ? cause.message || String((cause as NodeJS.ErrnoException).code)
    : (message ?? String(error))
}

/** What a model says to itself first is no part of its answer; one that was cut off before it came to that has said nothing. */
const withoutReasoning = (text: string): string =>
  /^\s*<think>/.test(text) ? (/<\/think>([\s\S]*)$/.exec(text)?.[1] ?? "").trimStart() : text

const answerOf = (body: string): ChatAnswer | undefined => {
  const completion = Option.getOrUndefined(decodeCompletion(body))
  if (completion === undefined) return undefined
  const [choice] = completion.choices
  const tokens = choice.logprobs?.content ?? null
  return {
    text: withoutReasoning(choice.message.content ?? ""),
    tokens: tokens?.map((each) => ({ token: each.token, alternatives: each.top_logprobs })) ?? null,
    usage: { prompt: completion.usage?.prompt_tokens ?? 0, completion: completion.usage?.completion_tokens ?? 0 }
  }
}

/** @param gate lets requests through until the run is to stop */
export const endpointModel = (
  options: EndpointOptions,
  gate: RequestGate = openGate
): Effect.Effect<ChatModel, StageFailed> =>
  Effect.gen(function* () {
    const base = URL.parse(options.endpoint)
    if (base === null || !/^https?:$/.test(base.protocol) || base.username !== "" || base.password !== "") {
      return yield* stageFailed(
        `endpoint ${base === null || base.password === "" ? options.endpoint : "with a password in it"} is no http(s) address`,
        `Write it as http://127.0.0.1:8080/v1; a key belongs in the environment variable ${options.keyName}.`
      )
    }
    if (base.search !== "" || base.hash !== "") {
      return yield* stageFailed(
        `endpoint ${base.origin}${base.pathname} has something after a ? or #, where a key might stand, and would be told in results`,
        `Leave it out; a key belongs in the environment variable ${options.keyName}.`
      )
    }
    const key = (process.env[options.keyName] ?? "").trim()
    if (!/^[\x21-\x7e]*$/.test(key)) {
      return yield* stageFailed(`${options.keyName} holds characters that no key has`, "Set it anew.")
    }
    const address = `${options.endpoint.replace(/\/+$/, "")}/chat/completions`
    const spent = { requests: 0, kept: 0, tokens: 0 }

    const send = (body: string): Effect.Effect<ChatAnswer | ChatRefusal> =>
      Effect.promise(async (interrupted) => {
        try {
          const response = await fetch(address, {
            method: "POST",
            body,
            redirect: "error",
            headers: {
              "Content-Type": "application/json",
              ...(key === "" ? {} : { Authorization: `Bearer ${key}` })
            },
            signal: AbortSignal.any([interrupted, AbortSignal.timeout(1000 * options.timeout)])
          })
          const text = await response.text()
          const answer = response.ok ? answerOf(text) : undefined
          if (answer !== undefined) return answer
          // What the server says is told, and some say the key.
          const said = key === "" ? text : text.replaceAll(key, "***")
          if (response.ok) return unreadable(address, said)
          return refusalOf(address, response.status, said, {
            keyName: options.keyName,
            retryAfter: response.headers.get("Retry-After"),
            now: Date.now()
          })
        } catch (error) {
          return unreachable(address, causeOf(error))
        }
      })

    /** @param refused why the same was asked before in vain */
    const allowed = (refused: ChatRefusal | undefined): StageFailed | undefined => {
      if (isOffline()) {
        return stageFailed(
          `${address} has to be asked, and this run is offline`,
          "Leave out --offline, or run with kept answers."
        )
      }
      const reached = (what: string) =>
        stageFailed(
          `${what} is used up: ${spent.requests} requests, ${spent.tokens} tokens${refused === undefined ? "" : `; the last: ${refused.failure.problem}`}`,
          `Raise ${what}: the answers are kept.`
        )
      if (options.maxRequests !== null && spent.requests >= options.maxRequests) return reached("max_requests")
      if (options.maxTokens !== null && spent.tokens >= options.maxTokens) return reached("max_tokens")
      return undefined
    }

    /** Sent and, where it says something, kept: one that says nothing is worth another try, once the server is set otherwise. */
    const sent = (body: string): Effect.Effect<ChatAnswer | ChatRefusal, StageFailed> =>
      Effect.gen(function* () {
        spent.requests++
        const answer = yield* send(body)
        if ("text" in answer && answer.text.trim() !== "") yield* keepAnswer(`${address}\n${body}`, answer)
        return answer
      }).pipe(
        gate.through,
        Effect.catchTag("ArtifactError", (error) => Effect.fail(stageFailed(error.message)))
      )

    const asked = (body: string): Effect.Effect<ChatAnswer, StageFailed> =>
      Effect.gen(function* () {
        let last: ChatRefusal | undefined
        for (let attempt = 1; ; attempt++) {
          const refused = allowed(last)
          if (refused !== undefined) return yield* refused
          const answer = yield* sent(body)
          if ("text" in answer) {
            spent.tokens += answer.usage.prompt + answer.usage.completion
            return answer
          }
          if (answer.again === undefined || attempt === tries) return yield* answer.failure
          last = answer
          const wait = answer.again ?? firstWait * 2 ** (attempt - 1)
          if (wait > longestWait) return yield* answer.failure
          yield* gate.wait(wait)
        }
      })

    const ask = (request: ChatRequest): Effect.Effect<ChatAnswer, StageFailed> =>
      Effect.gen(function* () {
        const body = JSON.stringify({
          model: options.model,
          messages: request.messages,
          temperature: options.temperature,
          seed: options.seed,
          max_tokens: request.maxTokens,
          ...(request.alternatives ? { logprobs: true, top_logprobs: topLogprobs } : {})
        })
        const kept = yield* keptAnswer(`${address}\n${body}`)
        if (kept !== undefined) {
          spent.kept++
          return kept
        }
        return yield* asked(body)
      })
    return { ask, spent: () => ({ ...spent }) }
  })
