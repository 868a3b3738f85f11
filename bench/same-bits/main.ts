/**
 * Whether training ends with the same bytes whatever the CPU's instructions and threads are, for every way to train:
 *   node bench/same-bits/main.ts
 * oneDNN, and our own operations with it, are held to AVX2, to AVX-512 without bfloat16, or to nothing; one thread, which estimates
 * in f32, or two, which estimate in integers.
 * Prints one Markdown table of digests; fails where two of a line differ.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"

const limits = ["AVX2", "AVX512_CORE", undefined]
const threads = [1, 2]
const columns = limits.flatMap((limit) => threads.map((count) => ({ limit, count })))

interface Printed {
  readonly isa: string
  readonly digests: Readonly<Record<string, string>>
}

const run = ({ limit, count }: (typeof columns)[number]): Printed =>
  JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, "digests.ts"), String(count)], {
      encoding: "utf8",
      env: { ...process.env, ...(limit === undefined ? {} : { ONEDNN_MAX_CPU_ISA: limit }) },
      stdio: ["ignore", "pipe", "inherit"]
    })
  ) as Printed

const all = columns.map(run)
const names = Object.keys(all[0]!.digests)
const heads = columns.map(({ count }, i) => `${all[i]!.isa}, ${count} thread${count === 1 ? "" : "s"}`)
console.log(`| trained | ${heads.join(" | ")} | |\n| --- | ${heads.map(() => "---").join(" | ")} | --- |`)
let differing = 0
for (const name of names) {
  const found = all.map(({ digests }) => digests[name]!)
  const same = new Set(found).size === 1
  if (!same) differing += 1
  console.log(`| ${name} | ${found.map((digest) => digest.slice(0, 8)).join(" | ")} | ${same ? "same" : "DIFFER"} |`)
}
console.log(`\n${names.length - differing} of ${names.length} end with the same bytes everywhere`)
process.exitCode = differing === 0 ? 0 : 1
