/** Loads a scheme by its name; which there are is known without loading any. */
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import { schemeFile } from "../project/source-schemes.ts"
import type { SourceScheme } from "./scheme/source-scheme.ts"

/** @param name one of `sourceSchemes` */
export const loadScheme = (name: string): Effect.Effect<SourceScheme> =>
  Effect.promise(async () => {
    const module = (await import(pathToFileURL(schemeFile(name)).href)) as { readonly default: SourceScheme }
    return module.default
  })
