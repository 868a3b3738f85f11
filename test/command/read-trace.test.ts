import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import { readTrace } from "../../src/command/read-trace.ts"
import { settledTrace, traceArguments, whyUntraceable } from "../../src/command/trace-programs.ts"

const folder = realpathSync(mkdtempSync(join(tmpdir(), "trace-test-")))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const why = await whyUntraceable()

describe("a trace of a command", () => {
  it("tells what was read and what was made, in calls that were cut in two, too, and nothing that failed", () => {
    const text = [
      `7 execve("/bin/sh", ["sh"], 0x7f /* 3 vars */) = 0`,
      `7 openat(AT_FDCWD</w>, "gone", O_RDONLY) = -1 ENOENT (No such file or directory)`,
      `7 openat(AT_FDCWD</w>, "a O_TRUNC", O_RDONLY|O_CLOEXEC <unfinished ...>`,
      `8 openat(AT_FDCWD</w>, "out", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</w/out>`,
      `7 <... openat resumed>) = 3</w/a O_TRUNC>`,
      `8 openat(AT_FDCWD</w>, "d", O_RDONLY|O_DIRECTORY) = 4</w/d>`,
      `8 open("log", O_WRONLY|O_APPEND) = 4</w/log>`,
      `8 openat2(AT_FDCWD</w>, "q\\"\\303\\251\\74", {flags=O_RDWR, resolve=0}, 24) = 5</w/q"\\303\\251\\74\\n>`,
      "8 +++ exited with 0 +++"
    ].join("\n")
    assert.deepStrictEqual(readTrace(text), [
      { path: "/bin/sh", access: "read" },
      { path: "/w/out", access: "write" },
      { path: "/w/a O_TRUNC", access: "read" },
      { path: '/w/q"é<\n', access: "read" }
    ])
  })

  // Without strace, `--strict` refuses commands, and says why.
  it.skipIf(why !== undefined)(
    `is of what really happened, whatever the names (${why ?? "strace works here"})`,
    async () => {
      const names = ["plain", "sp ace", 'quo"te', "back\\slash", "new\nline", "é日本", "<angle>", "O_WRONLY", "tab\t"]
      for (const name of names) writeFileSync(join(folder, name), name)
      mkdirSync(join(folder, "sub"))
      symlinkSync(join(folder, "plain"), join(folder, "sub", "link"))
      const script = 'cd sub; for f in "$@"; do cat "../$f" & done; wait; cat link; echo x > ../made; cat ../made'
      const trace = join(folder, "trace")
      const [program, ...args] = traceArguments(trace, "MARK=1")
      const child = execFileSync(
        "/bin/sh",
        ["-c", 'echo $$; exec "$@"', "sh", program, ...args, "/bin/sh", "-c", `echo $MARK; ${script}`, "sh", ...names],
        {
          cwd: folder
        }
      ).toString()
      const [pid, mark] = child.split("\n")
      assert.strictEqual(mark, "1")
      // The command is the process that was started: strace stands aside.
      const files = readTrace(await settledTrace(trace, Number(pid)))
      const mine = files.filter(({ path }) => path.startsWith(`${folder}/`))
      const read = mine.filter(({ access }) => access === "read").map(({ path }) => path.slice(folder.length + 1))
      assert.sameMembers([...new Set(read)], [...names, "made"])
      const made = mine.filter(({ path }) => path === join(folder, "made")).map(({ access }) => access)
      assert.deepStrictEqual(made, ["write", "read"])
      assert.match(readFileSync(trace, "utf8"), new RegExp(String.raw`^${pid} +\+{3} exited with 0 \+{3}$`, "m"))
    }
  )
})
