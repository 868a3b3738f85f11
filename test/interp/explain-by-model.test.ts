import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { endpointModel } from "../../src/chat/endpoint.ts"
import { explainByModel, type ExplainByModelOptions } from "../../src/interp/by-model/explain-by-model.ts"
import { readExplanation } from "../../src/interp/by-model/explain-prompt.ts"
import { explanationMetrics } from "../../src/interp/by-model/explanation-metrics.ts"
import { readJudgement } from "../../src/interp/by-model/judge-prompt.ts"
import { scorers } from "../../src/interp/by-model/score-latent.ts"
import { readSimulation, simulatePrompt, strengthTexts } from "../../src/interp/by-model/simulate-prompt.ts"
import { type AskedBody, type ChatServer, chatServer } from "../chat/chat-server.ts"
import { loadTestEngine } from "../engine.ts"
import { embeddingSae } from "./embedding-sae.ts"
import { captured, tinyModel, tinyText } from "./tiny-model.ts"

const home = process.env["XDG_CACHE_HOME"]
const cache = mkdtempSync(join(tmpdir(), "answers-"))
beforeAll(() => {
  process.env["XDG_CACHE_HOME"] = cache
  return loadTestEngine()
})
afterAll(() => {
  if (home === undefined) delete process.env["XDG_CACHE_HOME"]
  else process.env["XDG_CACHE_HOME"] = home
  rmSync(cache, { recursive: true })
})

/** A reader that does what is asked by the letter: the commonest marked word explains, and is looked for. */
const reader = ({ messages }: AskedBody): string => {
  const [task, text] = [messages[0]?.content ?? "", messages.at(-1)?.content ?? ""]
  const marked = [...text.matchAll(/<<\s*(w\d+)>>/g)].map(([, word = ""]) => word)
  if (task.includes("have in common")) {
    const counts = Map.groupBy(marked, (word) => word)
    const [best] = [...counts].toSorted(([, a], [, b]) => b.length - a.length)
    return `Let me see.\n**EXPLANATION:** the word ${best?.[0]}`
  }
  const word = /The feature: the word (w\d+)/.exec(text)?.[1] ?? "?"
  if (task.includes("how strongly")) {
    const tokens = text.split("\n").filter((line) => line.startsWith('"'))
    return JSON.stringify(tokens.map((line) => (String(JSON.parse(line)).trim() === word ? 10 : 0)))
  }
  const judged = text.split(/Text \d+: /).slice(1)
  const yes = task.includes("between <<")
    ? (each: string) => new RegExp(`<<[^>]*\\b${word}\\b[^>]*>>`).test(each)
    : (each: string) => new RegExp(`\\b${word}\\b`).test(each)
  return `[${judged.map((each) => (yes(each) ? 1 : 0)).join(", ")}]`
}

const options: ExplainByModelOptions = {
  latents: null,
  seed: 0,
  parallel: 3,
  minFirings: 5,
  trainRows: 1e6,
  heldOutRows: 1e6,
  fireThreshold: 0.5,
  top: 4,
  bands: 2,
  perBand: 1,
  window: { left: 3, right: 2 },
  scorers,
  scoredTexts: 8,
  simulatedTexts: 4,
  perRequest: 5
}

const explained = (server: ChatServer) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const model = yield* tinyModel
        const chat = yield* endpointModel({
          endpoint: server.endpoint,
          model: "reader",
          keyName: "NO_KEY_IS_SET",
          temperature: 0,
          seed: 0,
          timeout: 5,
          maxRequests: null,
          maxTokens: null
        })
        const result = yield* explainByModel(
          {
            chat,
            text: (token) => ` w${token}`,
            activations: captured(model, "hook_embed", tinyText(60, 16, 1), 10),
            weights: embeddingSae(model),
            progress: () => {}
          },
          options
        )
        return { ...result, spent: chat.spent() }
      })
    )
  )

describe("latents that read one token, and a reader that does as told", () => {
  it("have full marks by their own explanation and none to speak of by another's; again, nothing is asked", async () => {
    const server = await chatServer(reader)
    const { latents, unread, spent } = await explained(server)
    expect(latents.length).toBeGreaterThanOrEqual(6)
    expect(unread).toBe(0)
    for (const { explanation, latent, scores, shuffled } of latents) {
      expect(explanation).toBe(`the word w${latent}`)
      expect(scores.detection?.balanced_accuracy).toBe(1)
      expect(scores.fuzzing?.balanced_accuracy).toBe(1)
      expect(scores.simulation?.pearson).toBeGreaterThan(0.95)
      expect(shuffled.detection?.balanced_accuracy).toBeLessThan(0.95)
      expect(shuffled.simulation?.pearson).toBeLessThan(0.2)
    }
    const metrics = explanationMetrics(latents, scorers)
    expect(metrics["detection"]).toBe(1)
    expect(metrics["detection_shuffled"]).toMatchObject({ value: expect.closeTo(0.5, 0) })
    expect(server.busiest()).toBeLessThanOrEqual(options.parallel)
    const again = await explained(server)
    expect(again.latents).toEqual(latents)
    expect(again.spent).toMatchObject({ requests: 0, kept: spent.requests + spent.kept })
    await server.stop()
  })

  it("have no score where the answers say nothing", async () => {
    const server = await chatServer((body) =>
      reader(body).includes("EXPLANATION") ? reader(body) : "I would not know."
    )
    const { latents, unread } = await explained(server)
    expect(latents.every(({ scores }) => Object.values(scores).every((score) => score === null))).toBe(true)
    expect(unread).toBeGreaterThan(latents.length)
    expect(explanationMetrics(latents, scorers)["fuzzing"]).toHaveProperty("unmeasured")
    await server.stop()
  })
})

describe("answers are read", () => {
  it("as an explanation, where one is marked or is all that was said", () => {
    expect(readExplanation("first\nEXPLANATION: dogs\nexplanation: cats and dogs\n")).toBe("cats and dogs")
    expect(readExplanation("  numbers of years ")).toBe("numbers of years")
    expect([readExplanation("one\ntwo"), readExplanation(""), readExplanation("EXPLANATION:")]).toEqual([
      undefined,
      undefined,
      undefined
    ])
  })

  it("as judgements of exactly as many texts as were given", () => {
    expect(readJudgement("I think [0, 1] or rather [1,0,1]", 3)).toEqual([true, false, true])
    expect([readJudgement("[1, 0]", 3), readJudgement("[1, 2, 0]", 3), readJudgement("1, 0, 1", 3)]).toEqual([
      undefined,
      undefined,
      undefined
    ])
  })

  it("as strengths: expected values where the alternatives are told, else the numbers", () => {
    const usage = { prompt: 0, completion: 0 }
    const sure = (token: string) => ({ token, alternatives: [{ token, logprob: 0 }] })
    const either = {
      token: "4",
      alternatives: [
        { token: "4", logprob: Math.log(0.6) },
        { token: "9", logprob: Math.log(0.2) },
        { token: "x", logprob: Math.log(0.2) }
      ]
    }
    const tokens = [sure("["), sure("0"), sure(","), either, sure("]")]
    expect(readSimulation({ text: "[0, 4]", tokens, usage }, 2)).toEqual([0, expect.closeTo(5.25, 10)])
    const split = ["[", "1", "0", ",", "3", "]"].map(sure)
    expect(readSimulation({ text: "[10, 3]", tokens: split, usage }, 2)).toEqual([10, 3])
    // No strength that is asked for begins as another one does.
    for (const text of strengthTexts) expect(strengthTexts.filter((other) => other.startsWith(text))).toEqual([text])
    expect(simulatePrompt("sea", [" a"])[0]?.content).toContain(`to ${strengthTexts.at(-1)}, if`)
    expect(readSimulation({ text: "[11, 3]", tokens: null, usage }, 2)).toBeUndefined()
  })
})
