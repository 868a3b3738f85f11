/** Every file in `experiments/`, against the stage kinds that there are. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { assert, beforeAll, describe, it } from "vitest"
import { checkSites } from "../../src/plan/check-sites.ts"
import { KEY_FORMAT } from "../../src/plan/key.ts"
import { compile } from "../../src/plan/compile.ts"
import { formatLock } from "../../src/lock/format-lock.ts"
import { lockFileOf } from "../../src/lock/lock.ts"
import { readLock } from "../../src/lock/read-lock.ts"
import { packageDirectory } from "../../src/project/package-directory.ts"
import { parseHubName } from "../../src/source/hub/hub-name.ts"
import { parsePackageName } from "../../src/source/pypi/package-name.ts"
import { pipelineOf } from "../../src/specification/specification.ts"
import { loadStageKinds, stageFiles } from "../../src/catalog/stage-catalog.ts"
import type { StageKind } from "../../src/stage/stage.ts"

const folder = join(packageDirectory, "experiments")
const read = (path: string) => ({ file: relative(packageDirectory, path), text: readFileSync(path, "utf8") })

const { scripts } = JSON.parse(readFileSync(join(packageDirectory, "package.json"), "utf8")) as {
  readonly scripts: { readonly locks: string }
}

let catalog: Readonly<Record<string, StageKind>>
beforeAll(async () => {
  catalog = await Effect.runPromise(loadStageKinds(stageFiles([join(packageDirectory, "stages")])))
})

describe("the experiments of this repository", () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".yaml") && !file.endsWith(".lock.yaml"))) {
    it(`${name} compiles, says its command, names sources that can be, and its lock is of its stages`, () => {
      const path = join(folder, name)
      const experiment = read(path)
      const named = pipelineOf(experiment)
      const pipeline = named === undefined ? {} : { pipeline: read(resolve(dirname(path), named)) }
      const compiled = compile({
        experiment,
        ...pipeline,
        assignments: [],
        catalog,
        kindNames: Object.keys(catalog),
        artifactKinds: ["Files"]
      })
      if (Result.isFailure(compiled)) return assert.fail(compiled.failure.message)
      assert.include(experiment.text, `pipeline run experiments/${name}`)
      const { instances } = compiled.success.graph
      assert.isAbove(instances.length, 1)
      const byId = new Map(instances.map((instance) => [instance.id, instance]))
      const sites = instances.map((instance) => checkSites(instance, (id) => byId.get(id)))
      assert.deepStrictEqual(
        sites.flatMap(({ problems, notes }) => [...problems, ...notes]),
        []
      )
      for (const uri of instances.flatMap(({ sources }) => Object.values(sources))) {
        if (uri.startsWith("hf:")) assert.isDefined(parseHubName(uri), uri)
        if (uri.startsWith("pypi:")) assert.isDefined(parsePackageName(uri)?.version, `${uri} names no version`)
      }
      if (!existsSync(lockFileOf(path))) return undefined
      const locked = read(lockFileOf(path))
      const { lock } = Result.getOrThrow(readLock(locked.file, locked.text, experiment.file))
      const kinds = (stages: Iterable<readonly [string, string]>) => Object.fromEntries(stages)
      assert.deepStrictEqual(
        kinds(Object.entries(lock.stages).map(([id, { kind }]) => [id, kind])),
        kinds(instances.map(({ id, kind }) => [id, kind.name]))
      )
      assert.strictEqual(lock.key_format, KEY_FORMAT)
      assert.strictEqual(locked.text, formatLock(experiment.file, lock), "written by hand")
      assert.include(scripts.locks.split(/[ ;]/), name.replace(/\.yaml$/, ""), "`npm run locks` leaves it as it is")
      return undefined
    })
  }

  it("have no lock without an experiment", () => {
    const names = readdirSync(folder)
    const locks = names.filter((name) => name.endsWith(".lock.yaml"))
    assert.isNotEmpty(locks)
    for (const lock of locks) assert.include(names, lock.replace(".lock.yaml", ".yaml"))
  })
})
