import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import type { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, expect, it } from "vitest"
import type { ChatRequest } from "../../src/chat/chat-model.ts"
import { endpointModel, type EndpointOptions } from "../../src/chat/endpoint.ts"
import { type AskedBody, chatServer, completion } from "./chat-server.ts"

const variables = ["CHAT_TEST_KEY", "PIPELINE_OFFLINE", "XDG_CACHE_HOME"]
const before = variables.map((name) => [name, process.env[name]] as const)
let cache = ""
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "answers-"))
  process.env["XDG_CACHE_HOME"] = cache
  process.env["CHAT_TEST_KEY"] = "sk-secret-of-the-test"
})
afterEach(() => {
  rmSync(cache, { recursive: true })
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
})

const request: ChatRequest = {
  messages: [{ role: "user", content: "hello" }],
  maxTokens: 5,
  alternatives: false,
  form: { begins: "", ends: "]" }
}

type Answer = (body: AskedBody, response: ServerResponse, number: number) => string | undefined

/** What `ask` gives, or its failure, and what the server saw. */
const asking = async (answer: Answer, options: Partial<EndpointOptions> = {}, times = 1) => {
  const server = await chatServer(answer)
  const results: Array<string> = []
  const spent = await Effect.runPromise(
    Effect.gen(function* () {
      const chat = yield* endpointModel({
        endpoint: server.endpoint,
        model: "m",
        keyName: "CHAT_TEST_KEY",
        temperature: 0,
        seed: 1,
        timeout: 5,
        maxRequests: null,
        maxTokens: null,
        ...options
      })
      for (let i = 0; i < times; i++) {
        const asked = { ...request, messages: [{ role: "user" as const, content: `hello ${i}` }] }
        results.push(
          yield* Effect.match(chat.ask(asked), {
            onSuccess: ({ text }) => text,
            onFailure: ({ message, retryable }) => `${retryable ? "retryable" : "failed"}: ${message}`
          })
        )
      }
      return chat.spent()
    })
  )
  await server.stop()
  return { results, spent, asked: server.asked }
}

const refusing =
  (status: number, headers: Readonly<Record<string, string>>, refusals: number): Answer =>
  (_, response, number) => {
    if (number > refusals) return "at last"
    response.writeHead(status, headers).end(JSON.stringify({ error: { message: "not now, sk-secret-of-the-test" } }))
    return undefined
  }

it("an answer comes with its tokens' alternatives and is kept: the next one costs nothing", async () => {
  const alternatives = [
    { token: "7", logprob: -0.1 },
    { token: "3", logprob: -2 }
  ]
  const server = await chatServer((_, response) => {
    response.end(
      completion("7", { logprobs: { content: [{ token: "7", logprob: -0.1, top_logprobs: alternatives }] } })
    )
    return undefined
  })
  const ask = Effect.gen(function* () {
    const options = { model: "m", keyName: "CHAT_TEST_KEY", temperature: 0, seed: 1, timeout: 5 }
    const chat = yield* endpointModel({ ...options, endpoint: server.endpoint, maxRequests: null, maxTokens: null })
    const answer = yield* chat.ask({ ...request, alternatives: true })
    return { answer, spent: chat.spent() }
  })
  const first = await Effect.runPromise(ask)
  expect(first.answer).toEqual({
    text: "7",
    tokens: [{ token: "7", alternatives }],
    usage: { prompt: 10, completion: 2 }
  })
  expect(server.asked[0]?.key).toBe("Bearer sk-secret-of-the-test")
  expect(server.asked[0]?.body).toMatchObject({ model: "m", logprobs: true, max_tokens: 5 })
  process.env["PIPELINE_OFFLINE"] = "1"
  const second = await Effect.runPromise(ask)
  expect(second.answer).toEqual(first.answer)
  expect([first.spent, second.spent]).toEqual([
    { requests: 1, kept: 0, tokens: 12 },
    { requests: 0, kept: 1, tokens: 0 }
  ])
  await server.stop()
})

it("a busy server is asked again as it says; one that is slow, cuts off, stumbles or says what is no answer, after a second", async () => {
  expect(await asking(refusing(429, { "Retry-After": "0" }, 2))).toMatchObject({
    results: ["at last"],
    spent: { requests: 3, tokens: 12 }
  })
  expect((await asking(refusing(503, { "Retry-After": new Date(0).toUTCString() }, 1))).results).toEqual(["at last"])
  const first =
    (write: (response: ServerResponse) => unknown): Answer =>
    (_, response, number) => {
      if (number > 1) return "whole"
      write(response)
      return undefined
    }
  const stumbling = [
    first((response) => response.writeHead(200, { "Content-Length": "1000" }).write("{", () => response.destroy())),
    first((response) => response.end('{"choices": [')),
    first((response) => response.end(JSON.stringify({ choices: [] }))),
    first((response) => response.writeHead(500).end("Internal Server Error")),
    first(() => {})
  ]
  const all = await Promise.all(stumbling.map((answer) => asking(answer, { timeout: 0.5 })))
  for (const each of all) expect(each).toMatchObject({ results: ["whole"], spent: { requests: 2, tokens: 12 } })
})

it("what no other try mends fails at once and says what to do, without the key", async () => {
  const refused = await asking(refusing(401, {}, 9))
  expect(refused.asked.length).toBe(1)
  expect(refused.results[0]).toContain("answers 401: not now, ***")
  expect(refused.results[0]).toContain("Set CHAT_TEST_KEY to a key that the server takes.")
  expect((await asking(refusing(404, {}, 9))).results[0]).toContain("Check endpoint")
  const later = await asking(refusing(429, { "Retry-After": "9999" }, 9))
  expect(later.asked.length).toBe(1)
  expect(later.results[0]).toMatch(/^retryable: .* answers 429/)
  expect(later.results[0]).toContain("Run again in 9999 s, as it asks")
  expect(readdirSync(cache)).toEqual([])
})

it("an error that is told with 200 is told on, without the key", async () => {
  const loading = JSON.stringify({ error: { message: "model is loading for sk-secret-of-the-test" } })
  const answer: Answer = (_, response) => void response.end(loading)
  const { results } = await asking(answer, { maxRequests: 1 })
  expect(results[0]).toContain("max_requests is used up: 1 requests, 0 tokens; the last: ")
  expect(results[0]).toContain("no answer of the chat completions protocol: model is loading for ***")
  expect(results[0]).not.toContain("sk-secret")
})

it("an answer of reasoning alone is empty and not kept; what follows reasoning is the answer", async () => {
  const said =
    (content: string | null): Answer =>
    (_, response) =>
      void response.end(JSON.stringify({ choices: [{ finish_reason: "length", message: { content } }] }))
  for (const content of [null, "", "<think>\nEXPLANATION: first I"]) {
    expect(await asking(said(content))).toMatchObject({ results: [""], spent: { requests: 1 } })
  }
  expect(readdirSync(cache)).toEqual([])
  expect((await asking(said("<think>well\n</think>\n\n[1,0]"))).results).toEqual(["[1,0]"])
  expect((await asking(said("not <think> at the start"))).results).toEqual(["not <think> at the start"])
})

it("no more is asked than allowed: what was answered is kept", async () => {
  const { results, asked } = await asking(() => "yes", { maxRequests: 2 }, 3)
  expect(asked.length).toBe(2)
  expect(results.slice(0, 2)).toEqual(["yes", "yes"])
  expect(results[2]).toContain("max_requests is used up: 2 requests, 24 tokens")
  expect((await asking(() => "yes", { maxTokens: 12 }, 2)).results[1]).toContain("max_tokens is used up")
})

it("an address that is none, or has a password, is refused without being repeated", async () => {
  for (const endpoint of ["http://127.0.0.1/v1?key=word-of-pass", "http://127.0.0.1/v1#word-of-pass"]) {
    const asked = asking(() => "yes", { endpoint })
    await expect(asked).rejects.toThrow("has something after a ? or #")
    await expect(asked).rejects.not.toThrow("word-of-pass")
  }
  for (const endpoint of ["file:///etc", "not an address", "http://user:word-of-pass@127.0.0.1/v1"]) {
    const failure = Effect.runPromise(
      Effect.flip(
        endpointModel({
          endpoint,
          model: "m",
          keyName: "CHAT_TEST_KEY",
          temperature: 0,
          seed: 1,
          timeout: 1,
          maxRequests: null,
          maxTokens: null
        })
      )
    )
    expect((await failure).message).toContain("is no http(s) address")
    expect((await failure).message).not.toContain("word-of-pass")
  }
})
