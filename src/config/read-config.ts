/** Reads `pipeline.config.yaml`. Everything wrong in it is told at once, where it is written. */
import { readFileSync } from "node:fs"
import { join, relative } from "node:path"
import * as Effect from "effect/Effect"
import { decodeNode } from "../specification/decode-node.ts"
import { sortProblems } from "../specification/problem.ts"
import type { Problem } from "../specification/problem.ts"
import { readYaml } from "../specification/read-yaml.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { Config, CONFIG_FILE } from "./config.ts"

const decode = (file: string, text: string, problems: Array<Problem>): Config | undefined => {
  const { node, problems: unread } = readYaml(file, text)
  problems.push(...unread)
  if (node === undefined || unread.length > 0) return undefined
  // A file of comments alone.
  if (node.type === "scalar" && node.value === null) return {}
  return decodeNode(Config, node, "", problems)
}

/** @param directory the project's; without the file in it, nothing is set */
export const readConfig = (directory: string): Effect.Effect<Config, SpecInvalid> =>
  Effect.suspend(() => {
    const path = join(directory, CONFIG_FILE)
    const file = relative(process.cwd(), path)
    const problems: Array<Problem> = []
    let text = ""
    try {
      text = readFileSync(path, "utf8")
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException
      if (code === "ENOENT") return Effect.succeed({})
      problems.push({ at: { file, line: 0, col: 0 }, path: "", message: `cannot be read: ${message}` })
    }
    const config = decode(file, text, problems)
    return config === undefined || problems.length > 0
      ? Effect.fail(new SpecInvalid({ problems: sortProblems(problems) }))
      : Effect.succeed(config)
  })
