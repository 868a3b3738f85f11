/**
 * Spans of a run for an OpenTelemetry collector, where `OTEL_EXPORTER_OTLP_ENDPOINT` (or `..._TRACES_ENDPOINT`) names one: through
 * Effect's own exporter, by the variables of the specification. Whatever is wrong with it costs the spans, never the run.
 */
import { connect } from "node:net"
import * as Cause from "effect/Cause"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { packageFacts } from "../project/package-facts.ts"
import type { RunEvent } from "../run/event.ts"
import { runSpans } from "./run-spans.ts"

type Environment = Readonly<Record<string, string | undefined>>

/** An empty variable is one that is not set. */
const setIn = (environment: Environment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || value.trim() === "" ? [] : [[name, value] as const]
    )
  )

/** The end of a run waits no longer than that for its last spans to arrive. */
const LAST_MS = "1000"

const endpointOf = (set: Readonly<Record<string, string>>): string | undefined =>
  set["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? set["OTEL_EXPORTER_OTLP_ENDPOINT"]

/** Whether anybody listens there: asked while the run goes on already. */
const answers = (endpoint: URL): Promise<boolean> =>
  new Promise((resolve) => {
    const port = Number(endpoint.port || (endpoint.protocol === "https:" ? 443 : 80))
    const socket = connect({ host: endpoint.hostname.replace(/^\[(.*)\]$/, "$1"), port, timeout: 2_000 })
    const end = (is: boolean) => (): void => {
      socket.destroy()
      resolve(is)
    }
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false)).unref()
  })

/** W3C trace context of what started us, a CI job for example. */
const parentOf = (traceparent: string | undefined): Option.Option<Tracer.AnySpan> => {
  const found = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/.exec(traceparent ?? "")
  if (found === null) return Option.none()
  const [, traceId = "", spanId = ""] = found
  return Option.some(Tracer.externalSpan({ traceId, spanId, sampled: true }))
}

/** Where nobody listens, nothing is sent and nothing tried again: the exporter takes a defect for the end of the matter. */
const askedFirst = (mayListen: () => boolean): Layer.Layer<HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, (client) =>
      HttpClient.mapRequestEffect(client, (request) =>
        mayListen() ? Effect.succeed(request) : Effect.die(new Error("nobody listens"))
      )
    )
  ).pipe(Layer.provide(FetchHttpClient.layer))

export interface Telemetry {
  readonly onEvent: (event: RunEvent) => void
  /** Sends what is left, for a second at most. */
  readonly close: Effect.Effect<void>
}

/**
 * @param say told where spans are asked for and cannot be sent
 * @returns undefined where nobody asks for spans
 */
export const openTelemetry = Effect.fnUntraced(function* (environment: Environment, say: (line: string) => void) {
  const set = setIn(environment)
  const endpoint = endpointOf(set)
  if (endpoint === undefined || set["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return undefined
  const refuse = (why: string): undefined => void say(`OpenTelemetry: no spans, ${why}`)
  if (!URL.canParse(endpoint)) return refuse(`the endpoint ${endpoint} is no URL`)
  const protocol = set["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] ?? set["OTEL_EXPORTER_OTLP_PROTOCOL"] ?? "http/protobuf"
  if (protocol !== "http/protobuf" && protocol !== "http/json") {
    return refuse(`the protocol ${protocol} is not there; http/protobuf and http/json are`)
  }
  const resource = {
    serviceName: set["OTEL_SERVICE_NAME"] ?? "sae-pipeline",
    serviceVersion: packageFacts.version
  }
  let listens: boolean | undefined
  const layer = OtlpTracer.layerFromConfig({ resource }).pipe(
    Layer.provide(protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf),
    Layer.provide(askedFirst(() => listens !== false)),
    Layer.provide(
      ConfigProvider.layer(
        ConfigProvider.fromEnvRecord({
          OTEL_TRACES_EXPORTER: "otlp",
          OTEL_EXPORTER_OTLP_TIMEOUT: LAST_MS,
          ...set
        })
      )
    )
  )
  const scope = yield* Scope.make()
  const built = yield* Effect.exit(Layer.buildWithScope(layer, scope))
  if (Exit.isFailure(built)) return refuse(String(Cause.squash(built.cause)))
  void answers(new URL(endpoint)).then((is) => {
    listens = is
    if (!is) refuse(`nobody listens at ${endpoint}`)
  })
  const telemetry: Telemetry = {
    onEvent: runSpans(Context.get(built.value, Tracer.Tracer), parentOf(set["TRACEPARENT"])),
    close: Scope.close(scope, Exit.void)
  }
  return telemetry
})
