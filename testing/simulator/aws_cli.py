"""Runs AWS CLI commands, each in a process that is forked from this one, which has loaded the CLI.

Loading takes two thirds of a command's processor time. Standard input and output are lines of JSON:
{"id": 1, "env": {"AWS_ENDPOINT_URL": …}, "args": ["iam", "get-role", …]} is answered by
{"id": 1, "code": 0, "stdout": …, "stderr": …}. Commands run side by side; it ends with its input.
"""

import contextlib
import fcntl
import io
import json
import os
import signal
import sys
import tempfile
import traceback

from awscli import clidriver

# Imports the parts of the CLI that are loaded as plugins.
clidriver.create_clidriver()


def run(env, args):
    os.environ.update(env)
    sys.argv = ["aws", *args]
    stdout, stderr = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            code = clidriver.main()
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
            code = 1
    return {"code": code, "stdout": stdout.getvalue(), "stderr": stderr.getvalue()}


# Its lock keeps the answers of two commands apart.
answering = tempfile.TemporaryFile()
# The system removes the processes that have ended.
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    command = json.loads(line)
    if os.fork() == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        answer = {"id": command["id"], **run(command["env"], command["args"])}
        fcntl.lockf(answering, fcntl.LOCK_EX)
        print(json.dumps(answer), flush=True)
        os._exit(0)
