import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import type { RunEvent } from "../../src/run/event.ts"
import { openTelemetry } from "../../src/telemetry/open-telemetry.ts"

interface Sent {
  readonly path: string
  readonly type: string
  readonly header: string
  readonly body: Buffer
}

const collector = async () => {
  const sent: Array<Sent> = []
  const server = createServer((request, response) => {
    const parts: Array<Buffer> = []
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      const { "content-type": type = "", "x-token": header = "" } = request.headers
      sent.push({ path: request.url ?? "", type, header: String(header), body: Buffer.concat(parts) })
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { sent, endpoint: `http://127.0.0.1:${port}`, close: () => server.close() }
}

const start = 1_700_000_000_000
const outcome = {
  kind: "command",
  key: "k",
  digest: "d",
  seconds: 1,
  savedSeconds: null,
  cost: { cpuSeconds: 2, gpuSeconds: 0, peakMemory: 9 },
  reasons: [],
  problem: null,
  log: null,
  leftOut: [],
  headline: ["loss"],
  metrics: { loss: 0.5 }
}
const nothing = { seconds: 0, cpuSeconds: 0, gpuSeconds: 0, unmeasured: 0 }
const started = {
  type: "stage-started",
  kind: "command",
  key: "k",
  device: "cpu",
  gpuMissing: false,
  resumes: false,
  restores: null,
  reasons: [],
  log: ""
} as const
const events: ReadonlyArray<RunEvent> = [
  {
    type: "run-started",
    at: start,
    run: "r1",
    experiment: "x.yaml",
    directory: "/tmp/r1",
    stages: [
      { id: "a", kind: "command", needs: [] },
      { id: "b", kind: "command", needs: [] }
    ]
  },
  { ...started, at: start + 1, id: "a", attempt: 1 },
  { type: "stage-log", at: start + 2, id: "a", line: "hunter2" },
  { type: "stage-retry", at: start + 3, id: "a", attempt: 1, problem: "it fell\nhunter2", delay: 1 },
  { ...started, at: start + 4, id: "a", attempt: 2 },
  { type: "stage-finished", at: start + 5, id: "a", status: "ran", ...outcome },
  { type: "stage-waiting", at: start + 5, id: "b", for: "a free slot" },
  { type: "stage-finished", at: start + 6, id: "b", status: "failed", ...outcome, problem: "no such file\nhunter2" },
  {
    type: "run-finished",
    at: start + 7,
    run: "r1",
    status: "failed",
    seconds: 7,
    cost: { spent: nothing, saved: nothing },
    stages: []
  }
]

const tell = async (
  environment: Record<string, string>
): Promise<{ readonly notes: ReadonlyArray<string>; readonly ms: number }> => {
  const notes: Array<string> = []
  const telemetry = await Effect.runPromise(openTelemetry(environment, (line) => notes.push(line)))
  for (const event of events) telemetry?.onEvent(event)
  // As long as the shortest of runs: whether anybody listens is known by then.
  await new Promise((resolve) => setTimeout(resolve, 200))
  const before = performance.now()
  if (telemetry !== undefined) await Effect.runPromise(telemetry.close)
  return { notes, ms: performance.now() - before }
}

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code: number; readonly message?: string }
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Record<string, unknown> }>
}

describe("the spans of a run", () => {
  it("reach a collector: the run, its stages, their attempts, with their times, below what started the run, and no output", async () => {
    const { sent, endpoint, close } = await collector()
    await tell({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_HEADERS: "x-token=t%3D1",
      OTEL_SERVICE_NAME: "study",
      OTEL_TRACES_EXPORTER: "",
      TRACEPARENT: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`,
      HF_TOKEN: "hunter2"
    })
    close()
    assert.deepStrictEqual(
      sent.map(({ path, type, header }) => [path, type, header]),
      [["/v1/traces", "application/json", "t=1"]]
    )
    const text = sent[0]?.body.toString() ?? ""
    assert.notInclude(text, "hunter2")
    assert.include(text, '"study"')
    const { resourceSpans } = JSON.parse(text) as {
      readonly resourceSpans: ReadonlyArray<{
        readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Span> }>
      }>
    }
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
    const names = new Map(spans.map(({ spanId, name }) => [spanId, name]))
    const since = (time: string): number => Number(BigInt(time) / 1_000_000n - BigInt(start))
    assert.deepStrictEqual(
      spans.map((span) => [
        span.name,
        names.get(span.parentSpanId ?? "") ?? span.parentSpanId,
        since(span.startTimeUnixNano),
        since(span.endTimeUnixNano),
        span.status.message ?? span.status.code
      ]),
      [
        ["attempt 1", "a", 1, 3, "it fell"],
        ["attempt 2", "a", 4, 5, 1],
        ["a", "run x.yaml", 1, 5, 1],
        ["b", "run x.yaml", 5, 6, "no such file"],
        ["run x.yaml", "cd".repeat(8), 0, 7, "failed"]
      ]
    )
    assert.deepStrictEqual([...new Set(spans.map(({ traceId }) => traceId))], ["ab".repeat(16)])
    const metric = spans[2]?.attributes.find(({ key }) => key === "pipeline.metric.loss")
    assert.deepStrictEqual(metric?.value, { doubleValue: 0.5 })
  })

  it("are protobuf unless JSON is asked for", async () => {
    const { sent, endpoint, close } = await collector()
    await tell({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/own/path` })
    close()
    assert.deepStrictEqual(
      sent.map(({ path, type }) => [path, type]),
      [["/own/path", "application/x-protobuf"]]
    )
    assert.include(sent[0]?.body.toString("latin1"), "run x.yaml")
  })

  it("cost nothing where nobody listens or what is asked for is not there, and that is told", async () => {
    const { endpoint, close } = await collector()
    close()
    const dead = await tell({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })
    assert.deepStrictEqual(dead.notes, [`OpenTelemetry: no spans, nobody listens at ${endpoint}`])
    assert.isBelow(dead.ms, 500)
    const wrong = async (more: Record<string, string>) =>
      (await tell({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more })).notes[0]
    assert.include(await wrong({ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), "the protocol grpc is not there")
    assert.include(await wrong({ OTEL_EXPORTER_OTLP_ENDPOINT: "nowhere" }), "the endpoint nowhere is no URL")
    assert.include(await wrong({ OTEL_EXPORTER_OTLP_TIMEOUT: "soon" }), "OpenTelemetry: no spans")
    assert.isUndefined(await wrong({ OTEL_SDK_DISABLED: "true" }))
    assert.isUndefined((await tell({})).notes[0])
  })
})
