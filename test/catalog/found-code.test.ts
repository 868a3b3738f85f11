import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { build } from "esbuild"
import * as Result from "effect/Result"
import { expect, it } from "vitest"
import type { StageKind } from "../../src/stage/stage.ts"

const root = join(import.meta.dirname, "../..")

/** What finds modules by a name that no bundler sees: who reaches it has to say which modules are in its key. */
const finder = "src/sae/architectures.ts"

it("a stage kind that finds architectures by their names has the code of some in its key", async () => {
  const files = readdirSync(join(root, "stages"))
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files.map((file) => `stages/${file}`),
    outdir: "none",
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "silent"
  })
  const reaching = Object.values(metafile.outputs).flatMap(({ entryPoint, inputs }) =>
    entryPoint !== undefined && finder in inputs ? [entryPoint] : []
  )
  expect(reaching).toContain("stages/train-sae.ts")
  for (const file of reaching) {
    const { default: kind } = (await import(resolve(root, file))) as { readonly default: StageKind }
    const defaults = Object.entries(kind.params).map(([name, param]) => [name, param.default ?? null] as const)
    const decoded = kind.decode({ ...(Object.fromEntries(defaults) as {}), d_sae: 8, k: 2 }, { sources: 2 })
    expect(Result.getOrThrow(decoded).code.length, file).toBeGreaterThan(0)
  }
})
