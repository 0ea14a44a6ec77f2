"""Serves a Space's page, and is its visitor: `python -m tests.pipelines.zerogpu.page FOLDER`."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from threading import Thread

from tests.pipelines.zerogpu.host import TOKEN, DeviceApi, enter_space, leave_cuda

LIMIT = 120.0
SMALL = {"width": 64, "height": 64, "steps": 2}


def visit(url: str, api: DeviceApi) -> dict:
    """Make pictures as programs do; returns the requests that ZeroGPU got."""
    import httpx2
    from gradio_client import Client

    seen = {"reports of the start": len(api.take("/startup-report"))}
    client = Client(url, headers={"x-ip-token": TOKEN}, verbose=False)
    made = json.loads(client.predict("a boat", "0", **SMALL, api_name="/grid"))
    seen["event"] = {"pictures": len(made["pictures"]), "calls": api.take("/schedule")}
    body, headers = {"prompt": "a boat", "seed": 7, **SMALL}, {"x-ip-token": TOKEN}
    answer = httpx2.post(f"{url}/sdapi/v1/txt2img", json=body, headers=headers, timeout=LIMIT, trust_env=False)
    seen["program"] = {"status": answer.status_code, "calls": api.take("/schedule")}
    return seen


def wait_for(url: str) -> None:
    import httpx2

    end = time.monotonic() + LIMIT
    while True:
        try:
            assert httpx2.get(f"{url}/config", trust_env=False).status_code == 200
            return
        except httpx2.TransportError:
            assert time.monotonic() < end, "the page is not served"
            time.sleep(0.1)


def main(folder: Path) -> None:
    api = DeviceApi()
    enter_space(api.url)
    leave_cuda()
    import app
    from seedlab.server.address import check_address

    port = check_address("127.0.0.1", 0)
    url = f"http://127.0.0.1:{port}"

    def browse() -> None:
        try:
            wait_for(url)
            (folder / "seen.json").write_text(json.dumps(visit(url, api)), encoding="utf-8")
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    sys.argv[1:] = ["--port", str(port), "--no-open", "--device", "cpu", "--api", "--store", str(folder / "store")]
    Thread(target=browse, daemon=True).start()
    app.main()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
