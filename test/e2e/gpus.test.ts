import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { standInGpus, type StandInGpus } from "../execute/local/stand-in-gpus.ts"
import { cli, eventsOf, project, statuses } from "./run-cli.ts"

const sees = (name: string, resources: string): string => `
  ${name}:
    uses: command
    with: { run: 'echo "${name} sees [$CUDA_VISIBLE_DEVICES]" > "$OUTPUT/seen.txt"; cat "$OUTPUT/seen.txt"' }
    ${resources}`

const experiment = `name: gpus
stages:${sees("with", "resources: { gpu: 1 }")}${sees("both", "resources: { gpu: 2 }")}${sees("without", "timeout: 1 min")}
  hungry:
    uses: command
    with:
      run: |
        echo "hungry sees [$CUDA_VISIBLE_DEVICES]" | tee "$OUTPUT/seen.txt"
        if [ "$CUDA_VISIBLE_DEVICES" = GPU-a ]; then echo "CUDA out of memory. Tried to allocate 20.00 GiB."; exit 1; fi
    resources: { gpu: 1, vram: 16 GiB }
    retries: 1
`
const greedy = `name: greedy
stages:${sees("many", "resources: { gpu: 3 }")}${sees("large", "resources: { gpu: 1, vram: 80 GiB }")}${sees("wide", "resources: { cpu: 100_000, memory: 1000 TiB, disk: 1000 TiB }")}
`

const seenIn = (events: ReturnType<typeof eventsOf>): ReadonlyArray<string> =>
  events
    .flatMap((event) => (event.type === "stage-log" && event.line.includes(" sees [") ? [event.line] : []))
    .toSorted()

describe("GPUs, on the command line", () => {
  let gpus: StandInGpus
  const { directory, remove } = project({
    "gpus.yaml": experiment,
    "greedy.yaml": greedy,
    "package.json": "{}"
  })
  beforeAll(() => {
    gpus = standInGpus([
      { uuid: "GPU-a", total: 24576, free: 24000 },
      { uuid: "GPU-b", total: 65536, free: 65000 }
    ])
  })
  afterAll(() => {
    gpus.remove()
    remove()
  })
  const options = () => ({ cwd: directory, env: { ...gpus.env, PIPELINE_CACHE: "cache" } })

  // By itself: of two GPUs that another stage gives back, the second is free a moment before the first.
  it("are given to a program, and one whose memory did not suffice gets a larger one", async () => {
    const result = await cli(["run", "gpus.yaml", "hungry", "--json"], options())
    expect(statuses(result)).toEqual(["hungry ran"])
    const events = eventsOf(result)
    expect(seenIn(events)).toEqual(["hungry sees [GPU-a]", "hungry sees [GPU-b]"])
    const retry = events.find((event) => event.type === "stage-retry")
    expect(retry?.problem).toContain("the GPU ran out of memory: it wanted 20.00 GiB more")
    expect(retry?.problem).toContain("Ask for more (resources: { vram: ... })")
    expect(retry?.problem).toContain("again with 32.0 GiB of device memory")
  })

  it("are seen by the programs that were given them, and by no other", async () => {
    const result = await cli(["run", "gpus.yaml", "--json"], options())
    expect(statuses(result)).toEqual(["with ran", "both ran", "without ran", "hungry hit"])
    expect(seenIn(eventsOf(result))).toEqual(["both sees [GPU-a,GPU-b]", "with sees [GPU-a]", "without sees []"])
  })

  it("of which there are too few, or too small ones, are told in the plan, where they are asked for", async () => {
    const { code, stderr } = await cli(["run", "greedy.yaml"], options())
    expect(code).toBe(2)
    expect(stderr).toContain("greedy.yaml:6:23 stages.many.resources.gpu: 3 GPUs are asked for; this machine has 2")
    expect(stderr).toContain("greedy.yaml:10:32 stages.large.resources.vram: 80 GiB are asked for, and no GPU has as")
    for (const name of ["cpu", "memory", "disk"]) expect(stderr).toContain(`stages.wide.resources.${name}: `)
  })

  it("that the driver does not tell are an error of the plan, not silently none", async () => {
    gpus.fail("Failed to initialize NVML: Driver/library version mismatch\n")
    const { code, stderr } = await cli(["plan", "gpus.yaml", "--set", "stages.with.with.values.x=1"], options())
    expect(code).toBe(2)
    expect(stderr).toContain("gpus.yaml:6:23 stages.with.resources.gpu: the GPUs of this machine are not known")
    expect(stderr).toContain("Driver/library version mismatch")
  })
})
