/** After a run that did what was asked: the command that shows what came out. */
import { createHash } from "node:crypto"
import { basename } from "node:path"
import type { StageOutcome } from "../../run/event.ts"

/** For a shell, as it has to be typed. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

/** Letters of the settings in a file name; the digest tells apart what is cut off. */
const SETTINGS_LENGTH = 60

/** Where `pipeline report FILE` writes the page: other settings are other results, and have a file of their own. */
export const reportPath = (file: string, set: ReadonlyArray<string>): string => {
  const name = basename(file).replace(/\.ya?ml$/, "")
  if (set.length === 0) return `${name}.html`
  const settings = set.map((each) => each.replace(/^(params|stages)\./, "").replaceAll(/[^\w=.+-]+/g, "_")).join(",")
  const digest = createHash("sha256").update(JSON.stringify(set)).digest("hex").slice(0, 6)
  return `${name}.${settings.slice(0, SETTINGS_LENGTH)}.${digest}.html`
}

/** @param set what `--set` said: what comes out stands under these values alone */
export const whatNext = (
  file: string,
  set: ReadonlyArray<string>,
  stages: ReadonlyArray<Pick<StageOutcome, "id" | "kind">>
): string => {
  const changes = set.map((each) => ` --set ${quoted(each)}`).join("")
  const last = stages.at(-1)
  if (last === undefined) return ""
  return stages.some(({ kind }) => kind === "report")
    ? `next     pipeline report ${quoted(file)}${changes} --open   (writes ${reportPath(file, set)}, and shows it)`
    : `next     pipeline show ${quoted(file)} ${quoted(last.id)}${changes}`
}
