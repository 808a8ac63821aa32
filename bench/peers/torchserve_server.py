"""TorchServe with PyTorch, one worker: python torchserve_server.py VERSION PORT"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from model_archiver import ModelArchiver, ModelArchiverConfig

# Management shares the address of predictions; gRPC uses any port.
SETTINGS = """
inference_address=http://127.0.0.1:{port}
management_address=http://127.0.0.1:{port}
grpc_inference_port=0
grpc_management_port=0
enable_metrics_api=false
disable_token_authorization=true
default_workers_per_model=1
model_store={directory}
load_models=regressor.mar
"""
# No access log and no metrics log.
LOG = """
<Configuration>
  <Appenders><Console name="console" target="SYSTEM_ERR"><PatternLayout/></Console></Appenders>
  <Loggers><Root level="error"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
"""

version, port = sys.argv[1:]
sources = Path(__file__).parent
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with tempfile.TemporaryDirectory() as directory:
    ModelArchiver.generate_model_archive(
        ModelArchiverConfig(
            model_name="regressor",
            version="1",
            handler=str(sources / "torchserve_handler.py"),
            extra_files=f"{sources / 'network.py'},{version}",
            export_path=directory,
        )
    )
    settings, log = Path(directory, "config.properties"), Path(directory, "log4j2.xml")
    settings.write_text(SETTINGS.format(port=port, directory=directory))
    log.write_text(LOG)
    command = [sys.executable, "-m", "ts.model_server", "--foreground", "--no-config-snapshots"]
    # TorchServe writes to its working directory and to the directory of temporary files.
    subprocess.run(
        [*command, "--ts-config", settings, "--log-config", log],
        cwd=directory,
        env={**os.environ, "TMPDIR": directory, "TEMP": directory},
    )
