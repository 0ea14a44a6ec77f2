"""The Space's page, as the platform starts it: `python -m tests.pipelines.zerogpu.page FLAGS`."""

import os

from tests.pipelines.zerogpu.host import enter_space, leave_cuda

if __name__ == "__main__":
    enter_space(os.environ["SPACES_ZERO_DEVICE_API_URL"])
    leave_cuda()
    import app

    app.main()
