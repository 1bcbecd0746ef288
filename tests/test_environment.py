import os
import subprocess
import sys

import pytest

SHOW = (
    "import os, impasto\n"
    "print(*(os.environ.get(n) for n in ('ORT_DISABLE_TELEMETRY', 'OMP_WAIT_POLICY', 'GOMP_SPINCOUNT')))"
)
NAMES = ("ORT_DISABLE_TELEMETRY", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, ["1", "PASSIVE", "1000"]),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, ["1", "ACTIVE", "None"]),
        ({"GOMP_SPINCOUNT": "0"}, ["1", "None", "0"]),
    ],
)
def test_importing_the_package_prepares_its_libraries_and_keeps_what_is_chosen(given, wanted):
    environment = {name: value for name, value in os.environ.items() if name not in NAMES} | given
    done = subprocess.run([sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == wanted
