"""The SageMaker client of the AWS SDK, which calls the path of the container directly instead of the AWS endpoint."""
import json
import struct

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from expected import ROWS, same, url

client = boto3.client("sagemaker-runtime", endpoint_url=url(), region_name="eu-west-1", config=Config(signature_version=UNSIGNED))


def to_container(request, **_):
    request.url = f"{url()}/invocations"


client.meta.events.register("before-send.sagemaker-runtime.InvokeEndpoint", to_container)


def invoke(body, content_type, **more):
    reply = client.invoke_endpoint(EndpointName="any", Body=body, ContentType=content_type, **more)
    return reply["ContentType"], reply["Body"].read()


same(json.loads(invoke(json.dumps({"instances": ROWS}), "application/json")[1])["predictions"])
attributes = "tfs-model-name=reconstruction_regressor,tfs-method=predict"
same(json.loads(invoke(json.dumps({"inputs": ROWS}), "application/json", CustomAttributes=attributes)[1])["outputs"])
kind, lines = invoke("\n".join(json.dumps(row) for row in ROWS), "application/jsonlines", Accept="application/jsonlines")
assert kind.startswith("application/jsonlines"), kind
same([json.loads(line) for line in lines.splitlines()])
csv = "\n".join(",".join(map(str, row)) for row in ROWS)
same([[float(cell) for cell in line.split(b",")] for line in invoke(csv, "text/csv", Accept="text/csv")[1].splitlines()])
flat = [value for row in ROWS for value in row]
same(json.loads(invoke(struct.pack(f"<{len(flat)}f", *flat), "application/octet-stream")[1])["predictions"])
try:
    invoke("[[1, 2]]", "application/json")
    raise SystemExit("expected an error")
except client.exceptions.ClientError as error:
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
