"""Validates a crate of `pipeline crate` with an outside validator, by the profile that it says it conforms to.

    python3 -m venv venv && venv/bin/pip install roc-validator
    npm pack ro-crate && tar xf ro-crate-*.tgz package/lib/context.json
    venv/bin/python bench/ro-crate/validate.py CRATE package/lib/context.json

The JSON-LD context of RO-Crate 1.1 is taken from the npm package `ro-crate`, so that nothing is fetched. Prints what is found,
required before recommended; ends with 1 where anything required is missing.
"""
import io
import json
import sys
import urllib.request

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
crate, context_file = sys.argv[1:3]
context = open(context_file, encoding="utf8").read()

import requests  # noqa: E402

real_request = requests.Session.request


def request(session, method, url, **options):
    if not url.startswith(CONTEXT):
        return real_request(session, method, url, **options)
    response = requests.Response()
    response.status_code = 200
    response.url = url
    response.headers["Content-Type"] = "application/ld+json"
    response._content = context.encode()
    return response


requests.Session.request = request
real_open = urllib.request.OpenerDirector.open


def open_url(opener, full, *rest, **options):
    url = full if isinstance(full, str) else full.full_url
    if not url.startswith(CONTEXT):
        return real_open(opener, full, *rest, **options)
    answer = urllib.response.addinfourl(io.BytesIO(context.encode()), {"Content-Type": "application/ld+json"}, url, 200)
    answer.content_type = "application/ld+json"
    return answer


urllib.request.OpenerDirector.open = open_url

from rocrate_validator import models, services  # noqa: E402

settings = services.ValidationSettings(
    rocrate_uri=crate,
    profile_identifier="provenance-run-crate-0.5",
    requirement_severity=models.Severity.RECOMMENDED,
)
result = services.validate(settings)
required = 0
for issue in sorted(result.get_issues(), key=lambda each: -each.severity.value):
    required += issue.severity == models.Severity.REQUIRED
    print(issue.severity.name, issue.check.identifier, issue.violatingEntity, issue.message, sep="  ")
print(json.dumps({"issues": len(result.get_issues()), "required": required}))
sys.exit(1 if required else 0)
