"""NVIDIA's Triton client: JSON, binary tensors in both directions, compression, metadata, repository, and statistics."""
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

from expected import MODEL, ROWS, same, url

client = http.InferenceServerClient(url().removeprefix("http://"))
assert client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL)
assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
metadata = client.get_model_metadata(MODEL)
assert metadata["inputs"][0]["shape"] == [-1, len(ROWS[0])], metadata
for binary_in in (True, False):
    for binary_out in (True, False):
        for compression in (None, "gzip", "deflate"):
            for datatype, kind in (("FP32", np.float32), ("FP64", np.float64)):
                rows = http.InferInput("inputs", [len(ROWS), len(ROWS[0])], datatype)
                rows.set_data_from_numpy(np.array(ROWS, dtype=kind), binary_data=binary_in)
                wanted = [
                    http.InferRequestedOutput(name, binary_data=binary_out)
                    for name in ("predictions", "reconstruction_error", "reconstruction")
                ]
                result = client.infer(
                    MODEL,
                    [rows],
                    outputs=wanted,
                    request_id="7",
                    request_compression_algorithm=compression,
                    response_compression_algorithm=compression,
                )
                same(result.as_numpy("predictions"))
                assert result.get_response()["id"] == "7"
                assert result.as_numpy("reconstruction").shape == (len(ROWS), len(ROWS[0]))
same(client.infer(MODEL, [rows], model_version="1").as_numpy("predictions"))
same(client.async_infer(MODEL, [rows]).get_result().as_numpy("predictions"))
assert client.get_model_repository_index()[0]["state"] == "READY"
client.load_model(MODEL)
assert client.is_model_ready(MODEL, "1")
statistics = client.get_inference_statistics(MODEL)["model_stats"][0]
assert statistics["inference_stats"]["success"]["count"] >= 24, statistics
for wrong in (lambda: client.infer("other", [rows]), lambda: client.unload_model(MODEL)):
    try:
        wrong()
        sys.exit("an error was expected")
    except InferenceServerException as error:
        assert error.status() in ("404", "501") and error.message(), error
