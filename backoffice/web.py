"""How gunicorn serves the pages: `gunicorn --config python:backoffice.web backoffice.wsgi:application`.

What differs from one installation to the next (address, number of workers) is said on the command line.
"""

import ctypes
import signal

worker_class = "gthread"
threads = 4
# Imported once and shared by the workers: a worker that is started again answers at once.
preload_app = True
# Nobody may command the server from outside; what starts and ends it is the process manager.
control_socket_disable = True

_PR_SET_PDEATHSIG = 1


def post_fork(_arbiter: object, _worker: object) -> None:
    """End a worker together with its master, even one that was killed with -9.

    Workers notice by themselves, but not while they are busy; until then they hold the port against the next master.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
