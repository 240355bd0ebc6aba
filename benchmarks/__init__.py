"""What README's figures come from: `python -m benchmarks`, or `make bench`."""

import os

# As the console does, and before anything here imports torch.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
