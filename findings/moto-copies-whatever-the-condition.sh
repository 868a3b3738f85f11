#!/usr/bin/env bash
# Good guess: moto's S3 server, with which caches and locks on S3 are tested offline, honours the conditional headers: it does
#   for PutObject, CompleteMultipartUpload and DeleteObject (412 Precondition Failed).
# What happens: CopyObject takes no notice of any. x-amz-copy-source-if-match with another ETag copies all the same, and
#   If-None-Match: * overwrites an object that is there. A cache that publishes by copying a finished upload to its final
#   key "only if nobody was first" never loses a race on moto: both writers are told that they published.
# Versions: moto 5.2.5, boto3 1.44.8, on the loopback address.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --no-compile 'moto[s3,server]==5.2.5' boto3==1.44.8
"$work/venv/bin/python" - 2>/dev/null <<'PY'
import boto3
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
s3 = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
                  aws_access_key_id="none", aws_secret_access_key="none")  # fmt: skip
s3.create_bucket(Bucket="cache")
s3.put_object(Bucket="cache", Key="upload", Body=b"mine")
final = {"Bucket": "cache", "Key": "final"}


def status(request, **arguments):
    s3.put_object(**final, Body=b"first")
    try:
        return request(**final, **arguments)["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as refused:
        return refused.response["ResponseMetadata"]["HTTPStatusCode"]


def content():
    return s3.get_object(**final)["Body"].read()


source = {"CopySource": "cache/upload"}
got = {
    "put, If-None-Match: *": (status(s3.put_object, Body=b"mine", IfNoneMatch="*"), content()),
    "delete, If-Match: another": (status(s3.delete_object, IfMatch='"another"'), content()),
    "copy, If-None-Match: *": (status(s3.copy_object, **source, IfNoneMatch="*"), content()),
    "copy, If-Match: another": (status(s3.copy_object, **source, IfMatch='"another"'), content()),
    "copy, copy-source-if-match: another": (status(s3.copy_object, **source, CopySourceIfMatch='"another"'), content()),
}
server.stop()
for request, (code, body) in got.items():
    print(f"{request}: {code}, the key now holds {body.decode()}")
    assert (code, body) == ((200, b"mine") if request.startswith("copy") else (412, b"first")), request
PY
