import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, expect, it } from "vitest"
import * as Rng from "../../src/random/rng.ts"
import { randomKills } from "./random-kills.ts"
import { project, repository } from "./run-cli.ts"

const experiment = readFileSync(join(repository, "bench", "kills", "cheap.yaml"), "utf8")

const made = project({ "experiments/x.yaml": experiment })
afterAll(made.remove)

it("a run that is killed 20 times, head, worker or both, has the results of one that was left alone", async () => {
  mkdirSync(join(made.directory, "tmp"))
  const rng = Rng.make(20, "kills")
  const { kills, wrong } = await randomKills({
    directory: made.directory,
    experiment: "experiments/x.yaml",
    kills: 20,
    random: rng.float
  })
  expect(wrong).toEqual([])
  expect(kills.head + kills.worker + kills.both).toBe(20)
})
