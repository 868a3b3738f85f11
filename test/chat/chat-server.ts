/** A real server of the chat completions protocol, whose answers a test decides. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { ChatMessage } from "../../src/chat/chat-model.ts"

export interface AskedBody {
  readonly model: string
  readonly messages: ReadonlyArray<ChatMessage>
  readonly logprobs?: boolean
  readonly max_tokens: number
}

export interface ChatServer {
  /** Up to and with /v1. */
  readonly endpoint: string
  /** Requests so far: their bodies, and the keys that they carried. */
  readonly asked: Array<{ readonly body: AskedBody; readonly key: string | undefined }>
  /** Requests at once, at most so far. */
  readonly busiest: () => number
  readonly stop: () => Promise<void>
}

export const completion = (content: string, more: object = {}): string =>
  JSON.stringify({
    choices: [{ message: { role: "assistant", content }, ...more }],
    usage: { prompt_tokens: 10, completion_tokens: 2 }
  })

const bodyOf = async (request: IncomingMessage): Promise<AskedBody> => {
  let text = ""
  for await (const part of request) text += String(part)
  return JSON.parse(text) as AskedBody
}

/** @param answer writes the response; what it returns is the answer's text */
export const chatServer = async (
  answer: (
    body: AskedBody,
    response: ServerResponse,
    number: number
  ) => string | undefined | Promise<string | undefined>
): Promise<ChatServer> => {
  const asked: ChatServer["asked"] = []
  let [open, most] = [0, 0]
  const server = createServer((request, response) => {
    most = Math.max(most, ++open)
    response.on("close", () => open--)
    void bodyOf(request).then(async (body) => {
      asked.push({ body, key: request.headers.authorization })
      if (request.url !== "/v1/chat/completions") return response.writeHead(404).end()
      const text = await answer(body, response, asked.length)
      return text === undefined ? undefined : response.end(completion(text))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    busiest: () => most,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
}
