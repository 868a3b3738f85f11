/** After a run that did what was asked: the command that shows what came out. */
import { basename } from "node:path"
import type { StageOutcome } from "../../run/event.ts"

/** For a shell, as it has to be typed. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** Where `pipeline report FILE` writes the page. */
export const reportPath = (file: string): string => `${basename(file).replace(/\.ya?ml$/, "")}.html`

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
    ? `next     pipeline report ${quoted(file)}${changes} --open   (writes ${reportPath(file)}, and shows it)`
    : `next     pipeline show ${quoted(file)} ${quoted(last.id)}${changes}`
}
