/** The runners: how each is told the same graph, and the commands that run it, plan it, and find that nothing is to be done. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

type Needs = ReadonlyArray<ReadonlyArray<number>>

export interface Runner {
  readonly name: string
  /** Writes the project; `bin` is the folder of the peers' programs. */
  readonly write: (directory: string, needs: Needs) => void
  readonly run: (bin: string) => ReadonlyArray<string>
  /** Says what would run. */
  readonly plan: (bin: string) => ReadonlyArray<string>
  /** Once, before the first run. */
  readonly prepare?: (bin: string) => ReadonlyArray<string>
}

const pipeline = [process.execPath, resolve(import.meta.dirname, "..", "..", "bin", "pipeline.mjs")]

const ours: Runner = {
  name: "pipeline",
  write: (directory, needs) => {
    mkdirSync(join(directory, "experiments"))
    const stages = needs.map((above, i) => {
      const inputs = above.map((j, k) => `        a${k}: \${{ stages.s${j} }}\n`).join("")
      return `  s${i}:\n    uses: command\n    with:\n      run: echo ${i} > "$OUTPUT/x"\n${inputs === "" ? "" : `      inputs:\n${inputs}`}`
    })
    writeFileSync(join(directory, "experiments", "x.yaml"), `stages:\n${stages.join("")}`)
  },
  run: () => [...pipeline, "run", "experiments/x.yaml", "--cache", "cache", "--jobs", "2"],
  plan: () => [...pipeline, "plan", "experiments/x.yaml", "--cache", "cache"]
}

const snakemake: Runner = {
  name: "snakemake",
  write: (directory, needs) => {
    const last = new Set(needs.keys())
    for (const above of needs) for (const j of above) last.delete(j)
    const list = (numbers: Iterable<number>): string => [...numbers].map((j) => `"out/${j}"`).join(", ")
    const rules = needs.map(
      (above, i) =>
        `rule s${i}:\n${above.length === 0 ? "" : `    input: ${list(above)}\n`}    output: "out/${i}"\n    shell: "echo ${i} > {output}"\n`
    )
    writeFileSync(join(directory, "Snakefile"), `rule all:\n    input: ${list(last)}\n${rules.join("")}`)
  },
  run: (bin) => [join(bin, "snakemake"), "-c2", "--quiet", "all"],
  plan: (bin) => [join(bin, "snakemake"), "-n", "--quiet", "all"]
}

const dvc: Runner = {
  name: "dvc",
  write: (directory, needs) => {
    const stages = needs.map((above, i) => {
      const deps = above.map((j) => `      - out/${j}\n`).join("")
      return `  s${i}:\n    cmd: mkdir -p out && echo ${i} > out/${i}\n${deps === "" ? "" : `    deps:\n${deps}`}    outs:\n      - out/${i}\n`
    })
    writeFileSync(join(directory, "dvc.yaml"), `stages:\n${stages.join("")}`)
  },
  prepare: (bin) => [join(bin, "dvc"), "init", "--no-scm", "-q"],
  run: (bin) => [join(bin, "dvc"), "repro", "-q"],
  plan: (bin) => [join(bin, "dvc"), "repro", "-q", "--dry"]
}

const ninja: Runner = {
  name: "ninja",
  write: (directory, needs) => {
    const builds = needs.map(
      (above, i) => `build out/${i}: say ${above.map((j) => `out/${j}`).join(" ")}\n  n = ${i}\n`
    )
    writeFileSync(join(directory, "build.ninja"), `rule say\n  command = echo $n > $out\n${builds.join("")}`)
  },
  run: (bin) => [join(bin, "ninja"), "-j2", "--quiet"],
  plan: (bin) => [join(bin, "ninja"), "-n", "--quiet"]
}

export const runners: ReadonlyArray<Runner> = [ours, snakemake, dvc, ninja]
