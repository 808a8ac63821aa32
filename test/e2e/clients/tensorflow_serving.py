"""The curl commands of the TensorFlow Serving REST documentation, which send the content type of a form."""
import json
import subprocess

from expected import FEATURES, MODEL, ROWS, same, url

BASE = f"{url()}/v1/models/{MODEL}"


def curl(*arguments):
    return json.loads(subprocess.run(["curl", "--silent", *arguments], check=True, capture_output=True).stdout)


same(curl("-d", json.dumps({"instances": ROWS}), "-X", "POST", f"{BASE}:predict")["predictions"])
same(curl("-d", json.dumps({"inputs": ROWS}), "-X", "POST", f"{BASE}/versions/1:predict")["outputs"])
same(curl("-d", json.dumps({"instances": ROWS}), "-X", "POST", f"{BASE}/labels/production:predict")["predictions"])
examples = {"signature_name": "serving_default", "examples": [dict(zip(FEATURES, row)) for row in ROWS]}
same([[value] for value in curl("-d", json.dumps(examples), "-X", "POST", f"{BASE}:regress")["results"]])
assert curl(BASE)["model_version_status"][0]["state"] == "AVAILABLE"
assert curl(f"{BASE}/metadata")["model_spec"]["name"] == MODEL
assert "error" in curl("-d", '{"instances": [1.0, 2.0]}', "-X", "POST", f"{BASE}:predict")
