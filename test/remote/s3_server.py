"""An S3 server (moto) on a free port, with a bucket `lab` and two users; it ends when its standard input does."""

import json
import os
import sys
import threading

# The first requests, the six of IAM, are not asked who they are.
# A list of more comes in pages.
os.environ["MOTO_S3_DEFAULT_MAX_KEYS"] = "20"
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "6"

import boto3  # noqa: E402
from moto.server import DomainDispatcherApplication, create_backend_app  # noqa: E402
from werkzeug.serving import make_server  # noqa: E402

# One request after the other: what looks whether an object is there and what makes it are two steps in moto.
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.port}"
nobody = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1", "endpoint_url": endpoint}
iam = boto3.client("iam", **nobody)


def user(name, actions):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


writer = user("writer", ["s3:*"])
reader = user("reader", ["s3:GetObject", "s3:ListBucket"])
boto3.client(
    "s3",
    aws_access_key_id=writer["AWS_ACCESS_KEY_ID"],
    aws_secret_access_key=writer["AWS_SECRET_ACCESS_KEY"],
    region_name="us-east-1",
    endpoint_url=endpoint,
).create_bucket(Bucket="lab")
print(json.dumps({"endpoint": endpoint, "writer": writer, "reader": reader}), flush=True)
sys.stdin.read()
