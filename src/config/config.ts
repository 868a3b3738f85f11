/**
 * `pipeline.config.yaml`: what holds for all experiments of a project. A further setting is a further key of this Schema,
 * with its `description`: reading, error messages and `pipeline schema --config` follow from it.
 */
import * as Schema from "effect/Schema"
import { ExecutorSettings } from "../specification/executor-settings.ts"

export const CONFIG_FILE = "pipeline.config.yaml"

/** With a message of its own: a pattern tells nobody what to write. */
const withoutCredentials = Schema.makeFilter<string>((url) =>
  /^[a-z0-9+.-]+:\/\/[^/@]*@/i.test(url)
    ? "expected an address without a user and a password: credentials come from the environment alone"
    : true
)

const RemoteConfig = Schema.Struct({
  url: Schema.String.annotate({
    description: "s3://BUCKET or s3://BUCKET/PREFIX, or a folder (relative to the project)"
  }).check(Schema.isNonEmpty(), withoutCredentials),
  mode: Schema.optionalKey(
    Schema.Literals(["read-write", "read", "manual"]).annotate({
      description:
        "read-write (default): runs take results from there and put theirs there; read: they take, and nothing is ever " +
        "written there; manual: only `pipeline cache pull` and `push` use it"
    })
  ),
  endpoint: Schema.optionalKey(
    Schema.String.annotate({
      description: "of the S3 server, where it is not Amazon's (default: AWS_ENDPOINT_URL_S3)"
    }).check(
      Schema.isPattern(/^https?:\/\//, { expected: "an address (http://... or https://...)" }),
      withoutCredentials
    )
  ),
  region: Schema.optionalKey(
    Schema.String.annotate({ description: "of the bucket (default: AWS_REGION, or us-east-1)" })
  )
}).annotate({ description: "a store that is shared with others, behind the project's own" })
export type RemoteConfig = typeof RemoteConfig.Type

export const Config = Schema.Struct({
  cache: Schema.optionalKey(
    Schema.String.check(Schema.isNonEmpty()).annotate({
      description:
        "folder of the artifact store, relative to the project (default: cache); --cache and PIPELINE_CACHE go first"
    })
  ),
  remote: Schema.optionalKey(RemoteConfig),
  executor: Schema.optionalKey(ExecutorSettings)
})
export type Config = typeof Config.Type
