"""``python -m sandbox.machine run``: run the bot with the machine's faults; the arguments are the bot's own."""

import runpy
import sys

from sandbox.machine.inside import prepare

if __name__ == "__main__":
    prepare()
    sys.argv[0] = "bot"
    runpy.run_module("bot", run_name="__main__", alter_sys=True)
