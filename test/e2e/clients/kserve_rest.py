"""The REST client of KServe, with its V1 and V2 protocols."""
import asyncio

import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig

from expected import MODEL, ROWS, same, url


async def main():
    v1 = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await v1.is_model_ready(url(), MODEL)
    same((await v1.infer(url(), {"instances": ROWS}, MODEL))["predictions"])

    v2 = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await v2.is_server_live(url()) and await v2.is_server_ready(url()) and await v2.is_model_ready(url(), MODEL)
    for binary in (True, False):
        rows = InferInput("inputs", [len(ROWS), len(ROWS[0])], "FP32")
        rows.set_data_from_numpy(np.array(ROWS, dtype=np.float32), binary_data=binary)
        reply = await v2.infer(url(), InferRequest(MODEL, [rows], request_id="7"), MODEL)
        assert reply.id == "7"
        same(reply.outputs[0].as_numpy())
    await v1.close()
    await v2.close()


asyncio.run(main())
