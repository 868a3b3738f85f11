/**
 * Licences whose use takes a person's yes: asked for once, by `--accept-licence NAME`, and remembered for this user; or
 * given for one process by the variable `PIPELINE_ACCEPT_LICENCE`, for machines that nobody sits at.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

export interface Terms {
  readonly name: string
  readonly title: string
  readonly urls: ReadonlyArray<string>
  /** Names of packages, or what they say of their licence, that stand for weights under these terms. */
  readonly covers: RegExp
}

export const licences: ReadonlyArray<Terms> = [
  {
    name: "gemma",
    title: "Gemma Terms of Use, with the Gemma Prohibited Use Policy",
    urls: ["https://ai.google.dev/gemma/terms", "https://ai.google.dev/gemma/prohibited_use_policy"],
    covers: /gemma/i
  }
]

const consentVariable = "PIPELINE_ACCEPT_LICENCE"

const memory = (env: NodeJS.ProcessEnv): string =>
  join(env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "sae-pipeline", "accepted-licences.json")

const decodeAccepted = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Record(Schema.String, Schema.String)))

/** Name of an accepted licence to the day of the yes. A damaged memory is none: it is asked for again. */
const accepted = (env: NodeJS.ProcessEnv): Readonly<Record<string, string>> => {
  const file = memory(env)
  return existsSync(file) ? Option.getOrElse(decodeAccepted(readFileSync(file, "utf8")), () => ({})) : {}
}

/** Terms that what is described by these texts is under. */
export const termsOf = (texts: ReadonlyArray<string>): ReadonlyArray<Terms> =>
  licences.filter(({ covers }) => texts.some((text) => covers.test(text)))

/** The same, without those that somebody has accepted. */
export const termsToAccept = (
  texts: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv = process.env
): ReadonlyArray<Terms> => {
  const now = (env[consentVariable] ?? "").split(/[\s,]+/)
  const before = accepted(env)
  return termsOf(texts).filter(({ name }) => !now.includes(name) && !Object.hasOwn(before, name))
}

/** @returns the file that remembers it */
export const rememberConsent = (name: string, env: NodeJS.ProcessEnv = process.env): string => {
  const file = memory(env)
  mkdirSync(dirname(file), { recursive: true })
  const day = new Date().toISOString().slice(0, 10)
  writeFileSync(file, `${JSON.stringify({ ...accepted(env), [name]: day }, null, 2)}\n`)
  return file
}

/** What a refusal tells: which terms, where they stand, and how to say yes. */
export const askFor = ({ name, title, urls }: Terms): { readonly problem: string; readonly remedy: string } => ({
  problem: `its weights are under the ${title} (${urls.join(", ")}), and using them means accepting these`,
  remedy: `read them, and if you agree run once with --accept-licence ${name}, which is remembered for this user (or set ${consentVariable}=${name})`
})
