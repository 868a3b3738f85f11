/** What strace wrote (`-f -y`, opens and starts of programs): which files were opened, by their real paths, and how. */
import type { Access } from "../file/opened-files.ts"

export interface TracedFile {
  readonly path: string
  readonly access: Access
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" }

/** Names as strace writes them: C's escapes, bytes in octal. */
const unescaped = (text: string): string =>
  text.includes("\\")
    ? Buffer.from(
        text.replaceAll(/\\([0-7]{1,3}|x[\da-f]{2}|.)/gs, (_, code: string) => {
          if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8))
          if (/^x./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16))
          return escapes[code] ?? code
        }),
        "latin1"
      ).toString("utf8")
    : text

const accessOf = (call: string): Access | undefined => {
  // A name, and the path behind a descriptor, may hold what looks like a flag.
  const flags = call.replaceAll(/"(?:[^"\\]|\\.)*"|<[^<>]*>/g, "")
  if (/\bO_(DIRECTORY|PATH)\b/.test(flags)) return undefined
  if (/\bO_TRUNC\b/.test(flags)) return "write"
  return /\bO_WRONLY\b/.test(flags) ? undefined : "read"
}

export const readTrace = (text: string): ReadonlyArray<TracedFile> => {
  const files: Array<TracedFile> = []
  /** Calls that another process's line has cut in two, by process. */
  const begun = new Map<string, string>()
  for (const line of text.split("\n")) {
    const [, pid = "", rest = ""] = /^(\d+) +(.*)$/s.exec(line) ?? []
    if (rest.endsWith(" <unfinished ...>")) {
      begun.set(pid, rest)
      continue
    }
    const resumed = rest.startsWith("<... ")
    const call = resumed ? (begun.get(pid) ?? "") : rest
    const started = /^execve(?:at)?\([^"]*"((?:[^"\\]|\\.)*)"/.exec(call)
    if (started !== null) {
      if (rest.endsWith(" = 0")) files.push({ path: unescaped(started[1] ?? ""), access: "read" })
      continue
    }
    const opened = /\) += \d+<(.*)>$/.exec(rest)
    const access = accessOf(call)
    if (opened !== null && call.startsWith("open") && access !== undefined) {
      files.push({ path: unescaped(opened[1] ?? ""), access })
    }
  }
  return files
}
