import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Job, type JobArtifact, JobsText, type WorkerEvent, WorkerEventText } from "../../src/execute/job.ts"
import type { Json } from "../../src/json/canonical-json.ts"
import type { Wiring } from "../../src/stage/wiring.ts"
import { engineNames } from "../../src/tensor/engine-info.ts"

/** JSON has no -0, and a key that JavaScript takes for the prototype is no name of ours. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)
const json = fc.jsonValue({ noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as Json)
const name = fc.string({ unit: "binary" }).filter((text) => text !== "__proto__")
const jsonMap = fc.dictionary(name, json, { noNullPrototype: true })
const text = fc.string({ unit: "binary" })

const artifact = fc.record({ digest: text, at: jsonMap })
const { wiring } = fc.letrec<{ wiring: Wiring<JobArtifact> }>((tie) => ({
  wiring: fc.oneof(
    { maxDepth: 2 },
    fc.record({ shape: fc.constant("one" as const), of: artifact }),
    fc.record({ shape: fc.constant("list" as const), of: fc.array(artifact, { maxLength: 3 }) }),
    fc.record({
      shape: fc.constant("record" as const),
      of: fc.dictionary(name, tie("wiring"), { maxKeys: 2, noNullPrototype: true })
    })
  )
}))

const file = fc.record(
  {
    name: text,
    path: text,
    sha256: text,
    remote: fc.record({ scheme: text, place: json })
  },
  { requiredKeys: ["name", "path", "sha256"], noNullPrototype: true }
)
const source = fc.record(
  { uri: text, name: text, digest: text, pin: text, licence: text, files: fc.array(file, { maxLength: 2 }) },
  { requiredKeys: ["uri", "name", "digest", "files"], noNullPrototype: true }
)

const job: fc.Arbitrary<Job> = fc.record({
  id: text,
  key: text,
  file: text,
  params: jsonMap,
  sources: fc.dictionary(name, source, { maxKeys: 2, noNullPrototype: true }),
  facts: jsonMap,
  leftOut: fc.array(text, { maxLength: 2 }),
  inputs: fc.dictionary(name, wiring, { maxKeys: 3, noNullPrototype: true }),
  output: text,
  store: fc.record({ kind: text, directory: text }),
  workspace: fc.record({ key: text, epoch: fc.integer() }),
  attempt: fc.integer(),
  checkpointSeconds: number,
  log: text,
  engine: fc.option(fc.record({ name: fc.constantFrom(...engineNames), threads: fc.integer() })),
  projectDirectory: text,
  memory: fc.option(fc.nat()),
  programs: fc.constantFrom("no" as const, "if possible" as const, "must" as const)
})

const metrics = fc.dictionary(name, number, { noNullPrototype: true })
const event: fc.Arbitrary<WorkerEvent> = fc.oneof(
  fc.record({ type: fc.constant("log" as const), id: text, line: text }),
  fc.record({
    type: fc.constant("checkpoint" as const),
    id: text,
    at: fc.option(fc.record({ done: number, total: number, unit: text }))
  }),
  fc.record({ type: fc.constant("stopped" as const) }),
  fc.record({
    type: fc.constant("progress" as const),
    id: text,
    done: number,
    total: number,
    unit: text,
    rate: fc.option(number),
    eta: fc.option(number),
    metrics
  }),
  fc.record({
    type: fc.constant("done" as const),
    results: fc.array(
      fc.record({
        digest: text,
        metrics,
        engine: fc.constant(null),
        together: fc.integer({ min: 1 }),
        host: text,
        use: fc.record({ cpuSeconds: fc.integer({ min: 0 }), peakMemory: fc.integer({ min: 0 }) })
      }),
      { maxLength: 3 }
    )
  }),
  fc.record({
    type: fc.constant("failed" as const),
    problem: text,
    retryable: fc.boolean(),
    losses: fc.array(
      fc.record({ reason: fc.constantFrom("missing" as const, "damaged" as const), digest: text, path: text }),
      { maxLength: 2 }
    )
  })
)

describe("what goes between head and workers", () => {
  it("is one line for any jobs, which gives the same jobs back", () => {
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 3 }), ([first, ...others]) => {
        const jobs = [first as Job, ...others] as const
        const line = Schema.encodeSync(JobsText)(jobs)
        expect(line).not.toMatch(/[\r\n]/)
        expect(Schema.decodeUnknownSync(JobsText)(line)).toEqual(jobs)
      })
    )
  })

  it("is one line for any event, which gives the same event back", () => {
    fc.assert(
      fc.property(event, (given) => {
        const line = Schema.encodeSync(WorkerEventText)(given)
        expect(line).not.toMatch(/[\r\n]/)
        expect(Schema.decodeUnknownSync(WorkerEventText)(line)).toEqual(given)
      })
    )
  })

  it("is refused where anything that has to be there is missing, and where it is only the beginning of a line", () => {
    fc.assert(
      fc.property(job, fc.nat(), (given, at) => {
        const required = Object.keys(given)
        const missing = required[at % required.length] as string
        const { [missing]: _, ...rest } = given as Readonly<Record<string, unknown>>
        expect(Option.isNone(Schema.decodeUnknownOption(JobsText)(JSON.stringify([rest])))).toBe(true)
        const line = JSON.stringify([given])
        expect(Option.isNone(Schema.decodeUnknownOption(JobsText)(line.slice(0, at % line.length)))).toBe(true)
      })
    )
    expect(Option.isNone(Schema.decodeUnknownOption(JobsText)("[]"))).toBe(true)
  })
})
