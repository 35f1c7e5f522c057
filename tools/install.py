"""`pip install` with the given arguments, saying in a line or two what is being installed and how long it took.

All that pip has to say is shown only where it fails.
"""

import re
import subprocess
import sys
import time

WIDTH = 100
START = time.monotonic()


def main() -> int:
    pip = [sys.executable, "-m", "pip", "install", "--no-compile", "--progress-bar", "off", "--no-input", *sys.argv[1:]]
    print(f"installing {sys.argv[-1]} and what it needs into {sys.prefix}: a minute or two, by the network", flush=True)
    said, column = [], 0
    with subprocess.Popen(pip, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            name = re.match(r"Collecting ([\w.-]+)", line)
            step = name[1] if name else "... unpacking" if line.startswith("Installing collected") else ""
            if step:
                column = 0 if column + len(step) > WIDTH else column + len(step) + 1
                print(step, end=" " if column else "\n", flush=True)
    print(f"\ndone in {time.monotonic() - START:.0f} s" if process.returncode == 0 else "\n" + "".join(said))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
