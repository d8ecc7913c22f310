import subprocess
import sys


def test_transformers_waits_until_a_processor_is_needed():
    """It takes a second to import; the page must not wait for it."""
    code = "import sys, playground.generation.sampler; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
