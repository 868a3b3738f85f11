import { rmSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { type ChatServer, chatServer } from "../chat/chat-server.ts"
import { cli, type CliResult, emptyUserCache, finished, project, start } from "./run-cli.ts"

const experiment = `
name: explained
stages:
  model: { uses: load-model, with: { source: "builtin:tiny-speller" } }
  text:
    uses: load-text
    with: { source: "builtin:speller-text", model: "\${{ stages.model }}", tokens: 20_000 }
  capture:
    uses: capture-activations
    with: { model: "\${{ stages.model }}", tokens: "\${{ stages.text }}", hook: blocks.1.hook_resid_post }
  neurons:
    uses: make-dictionary
    with: { activations: "\${{ stages.capture }}", kind: neurons, k: 16 }
  explain:
    uses: explain-latents
    with:
      sae: "\${{ stages.neurons }}"
      activations: "\${{ stages.capture }}"
      model: "\${{ stages.model }}"
      explainer: m
      latents: 8
      parallel: 4
      scorers: [detection]
      scored_texts: 6
`

let place: ReturnType<typeof project>
let server: ChatServer | undefined
beforeEach(() => {
  place = project({ "explained.yaml": experiment })
})
afterEach(async () => {
  await server?.stop()
  place.remove()
})

it("a run that Ctrl-C ends waits for the answers under way and asks nothing more; started again, it pays for no answer twice", async () => {
  /** Answers that the server has sent. */
  let answered = 0
  const [full, begun] = [Promise.withResolvers<void>(), 6]
  server = await chatServer(async (_, response, number) => {
    if (number === begun) full.resolve()
    // Long enough that each answer is under way when the run is told to stop.
    await new Promise((done) => setTimeout(done, 1500))
    // Told once all of it is out: one whose reader went away is not.
    response.on("finish", () => answered++)
    return number % 2 === 0 ? "EXPLANATION: the word and" : "[0, 1, 0, 1, 0, 1]"
  })
  const user = emptyUserCache(join(place.directory, "user"))
  const env = { XDG_CACHE_HOME: user, OPENAI_BASE_URL: server.endpoint, PIPELINE_ENGINE: "wasm" }
  const line = ["run", "explained.yaml", "--json"]
  const running = start(line, { cwd: place.directory, env })
  await Promise.race([full.promise, running.done.then(({ stderr }) => Promise.reject(new Error(stderr)))])
  const [told, asked] = [performance.now(), server.asked.length]
  running.child.kill("SIGINT")
  const stopped = await running.done
  expect(stopped.code).toBe(130)
  // No more than the four that may be under way at once, and at once after their answers.
  expect(performance.now() - told).toBeLessThan(15_000)
  expect(server.asked.length).toBeLessThanOrEqual(begun + 3)
  expect(answered).toBe(server.asked.length)

  const again: CliResult = await cli(line, { cwd: place.directory, env })
  expect(finished(again).status).toBe("done")
  const bodies = server.asked.map(({ body }) => JSON.stringify(body))
  expect(bodies.length).toBeGreaterThan(asked)
  expect(new Set(bodies).size).toBe(bodies.length)
  rmSync(user, { recursive: true, force: true })
}, 240_000)
