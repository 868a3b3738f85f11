#!/usr/bin/env bash
# Good guess: downloadFileToCacheDir of @huggingface/hub fills the cache that the Python library reads: the files of a revision
#   stand together in snapshots/<commit of the revision>, and refs/main says which commit that is.
# What happens: it names the snapshot after the commit that last changed each single file. Files of one revision come to stand in
#   as many snapshots as they have last commits, a snapshot of an old commit holds files of later ones, and refs/ is not written.
#   The Python library finds none of them, by branch or by commit, and a tool that takes "the folder of the snapshot" finds a
#   config without its weights. Asked for a commit instead of a branch, it uses that commit.
# Versions: @huggingface/hub (npm) 2.17.5, huggingface_hub (PyPI) 2.4.0, against a server on this machine of the same protocol.
set -euo pipefail
work=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --no-compile huggingface_hub==2.4.0
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/hub@2.17.5
cat >server.mjs <<'JS'
// One repository, org/model: config.json was last changed two commits before the head of main, the weights one before.
import { createServer } from 'node:http'

const files = {
  'config.json': { text: '{"d_model": 2}', last: 'a'.repeat(40) },
  'model.safetensors': { text: 'weights', last: 'b'.repeat(40) }
}
const oid = (path) => Buffer.from(path).toString('hex').padEnd(40, '0').slice(0, 40)
const info = (path) => ({
  type: 'file', path, oid: oid(path), size: files[path].text.length,
  lastCommit: { id: files[path].last, title: 'a change', date: '2026-01-01T00:00:00.000Z' }
})
const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  let body = ''
  for await (const part of request) body += part
  if (pathname.startsWith('/api/models/org/model/paths-info/')) {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    return response.end(JSON.stringify(JSON.parse(body).paths.map(info)))
  }
  const path = pathname.split('/').at(-1)
  const { text } = files[path]
  const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? []
  const part = from === undefined ? text : text.slice(Number(from), to === '' ? undefined : Number(to) + 1)
  response.writeHead(from === undefined ? 200 : 206, {
    ETag: `"${oid(path)}"`, 'X-Repo-Commit': 'c'.repeat(40), 'Content-Length': part.length,
    ...(from === undefined ? {} : { 'Content-Range': `bytes ${from}-${Number(from) + part.length - 1}/${text.length}` })
  })
  response.end(part)
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
JS
node server.mjs >port &
server=$!
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done
cat >download.mjs <<'JS'
import { downloadFileToCacheDir } from '@huggingface/hub'

console.debug = () => {}
const [hubUrl, cacheDir, revision] = process.argv.slice(2)
for (const path of ['config.json', 'model.safetensors']) {
  await downloadFileToCacheDir({ repo: { type: 'model', name: 'org/model' }, path, hubUrl, cacheDir, revision })
}
JS
hub="http://127.0.0.1:$(cat port)"
head=$(printf 'c%.0s' $(seq 40))
node download.mjs "$hub" "$work/branch" main
node download.mjs "$hub" "$work/commit" "$head"
venv/bin/python - "$head" <<'PY'
import sys
from pathlib import Path

from huggingface_hub import try_to_load_from_cache

head, files = sys.argv[1], ["config.json", "model.safetensors"]


def folders(cache):
    root = Path(cache, "models--org--model")
    found = sorted((p.parent.name[:4], p.name) for p in root.glob("snapshots/*/*"))
    return found, (root / "refs").exists()


def python_finds(cache, revision):
    return [try_to_load_from_cache("org/model", name, cache_dir=cache, revision=revision) is not None for name in files]


for cache in ("branch", "commit"):
    print(f"asked for a {cache}: snapshots", folders(cache)[0], "refs:", folders(cache)[1])
    print("  Python finds them by main:", python_finds(cache, "main"), "by the head commit:", python_finds(cache, head))
assert folders("branch") == ([("aaaa", "config.json"), ("bbbb", "model.safetensors")], False)
assert python_finds("branch", "main") == python_finds("branch", head) == [False, False]
assert folders("commit") == ([("cccc", "config.json"), ("cccc", "model.safetensors")], False)
assert python_finds("commit", head) == [True, True]
PY
