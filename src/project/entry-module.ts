/**
 * The modules that this package opens under its own name: `exports` of package.json is the one list of them. A project's
 * stage kinds import these by name, and get the ones that run them, from wherever they are.
 */
import { join } from "node:path"
import { codeEnding } from "./code-ending.ts"
import { codeDirectory } from "./package-directory.ts"
import { packageFacts } from "./package-facts.ts"

const { name, exports } = packageFacts

/** Specifier -> absolute path: `sae-pipeline/stage` -> `.../src/api/stage.ts`, or what is built from it. */
const modules: ReadonlyMap<string, string> = new Map(
  Object.entries(exports).flatMap(([key, target]) =>
    typeof target === "string"
      ? []
      : [
          [
            name + key.slice(1),
            join(codeDirectory, target.default.replace("./dist/", "").replace(/\.js$/, codeEnding))
          ] as const
        ]
  )
)

/** Whether a specifier names this package, or something in it. */
export const namesThisPackage = (specifier: string): boolean => specifier === name || specifier.startsWith(`${name}/`)

/** Absolute path of what a specifier names; undefined where the package does not open it. */
export const entryModule = (specifier: string): string | undefined => modules.get(specifier)

export const entryModules: ReadonlyArray<string> = [...modules.keys()]
