/** The page's script as one text: the modules in `script/`, bundled. Made once a process, the same whatever runs it. */
import { buildSync } from "esbuild"
import { pageScriptFile } from "./page-script-file.ts"

export const bundleScript = (file: string): string =>
  (
    buildSync({
      entryPoints: [file],
      bundle: true,
      write: false,
      // Names stay: esbuild picks short ones by how often letters occur in the source, types among it.
      minifySyntax: true,
      minifyWhitespace: true,
      tsconfigRaw: "{}",
      format: "iife",
      target: "es2020",
      charset: "utf8",
      legalComments: "none"
    }).outputFiles[0]?.text ?? ""
  ).replaceAll("</script", "<\\/script")

let made: string | undefined

export const pageScript = (): string => {
  made ??= bundleScript(pageScriptFile)
  return made
}
