import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { readRuns } from "../../../src/store/local/read-runs.ts"
import { startRun } from "../../../src/store/local/start-run.ts"
import { temporaryRoot } from "../temporary-root.ts"

it("a run whose plan is damaged, or gone, is left out, and costs no other run", async () => {
  const root = mkdtempSync(join(temporaryRoot, "runs-test-"))
  const start = (name: string) =>
    Effect.runPromise(
      Effect.scoped(
        startRun(root, {
          experiment: `${name}.yaml`,
          stages: [{ id: "sae[width=8]", at: { width: 8 }, needs: [], temp: false }]
        })
      )
    )
  const whole = await start("whole")
  const experiments = async () => (await readRuns(root)).map(({ experiment }) => experiment)
  const text = readFileSync(join(whole.place, "plan.json"), "utf8")
  const damages = [
    "",
    "null",
    "[1]",
    text.slice(0, 40),
    text.replace('"stages"', '"stagfs"'),
    text.replace('"sae[width=8]"', "8"),
    text.replace('{\n        "width": 8\n      }', "null"),
    text.replaceAll("{", "\0")
  ]
  for (const damage of damages) {
    expect(damage).not.toBe(text)
    const broken = await start("broken")
    expect(await experiments()).toContain("broken.yaml")
    writeFileSync(join(broken.place, "plan.json"), damage)
    expect(await experiments()).toEqual(["whole.yaml"])
    rmSync(join(broken.place, "plan.json"))
    mkdirSync(join(broken.place, "plan.json"))
    expect(await experiments()).toEqual(["whole.yaml"])
    rmSync(broken.place, { recursive: true })
  }
  const [run] = await readRuns(root)
  expect(run?.instances).toEqual([{ id: "sae[width=8]", stage: "sae", at: { width: 8 }, needs: [], temp: false }])
})
