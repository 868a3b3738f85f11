/**
 * `node check-project.ts PROJECT`: plans all its experiments and runs the examples that say what they give, in one process outside the test
 * runner, where modules are found as a user's are. Prints what is wrong, a line each.
 */
import { globSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { resolveOwnImports } from "../../src/catalog/own-imports.ts"
import { executorLayer } from "../../src/execute/by-name/executor-layer.ts"
import { readExperiment, withStore } from "../../src/experiment/load-experiment.ts"
import { planSelected } from "../../src/experiment/run-experiment.ts"

const project = process.argv[2] as string
const cache = join(project, "cache")
process.chdir(project)

for (const file of globSync("experiments/*.yaml").filter((name) => !name.endsWith(".lock.yaml"))) {
  const planned = readExperiment({ file, set: [], cache: Option.some(cache) }).pipe(
    Effect.flatMap((experiment) => withStore(cache, planSelected(experiment, {}))),
    Effect.provide(executorLayer({}, "local"))
  )
  await Effect.runPromise(planned).catch((error: unknown) => console.log(`${file}: ${String(error)}`))
}
await resolveOwnImports("")
for (const file of globSync("examples/*.runs.ts")) {
  await import(pathToFileURL(join(project, file)).href).catch((error: unknown) =>
    console.log(`${file}: ${String(error)}`)
  )
}
