/** The peers, in an environment of their own that is made once: pip takes the versions of `requirements.txt`. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const requirements = join(import.meta.dirname, "requirements.txt")

export const versionsOfPeers = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readFileSync(requirements, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split("==") as [string, string])
  )

/** The folder of their programs. */
export const installPeers = (): string => {
  const name = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12)
  const place = join(tmpdir(), `runner-peers-${name}`)
  const done = join(place, "installed.txt")
  if (!existsSync(done)) {
    process.stderr.write(`installing ${Object.keys(versionsOfPeers()).join(", ")} into ${place}\n`)
    rmSync(place, { recursive: true, force: true })
    execFileSync("python3", ["-m", "venv", place], { stdio: ["ignore", "ignore", "inherit"] })
    const pip = (args: ReadonlyArray<string>): string =>
      execFileSync(join(place, "bin", "pip"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
    pip(["install", "--quiet", "--disable-pip-version-check", "-r", requirements])
    execFileSync("sh", ["-c", `"${place}/bin/pip" freeze > "${done}.new"`])
    renameSync(`${done}.new`, done)
  }
  return join(place, "bin")
}
