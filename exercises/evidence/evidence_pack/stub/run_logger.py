"""A run logger: what happened, one JSON object a line, on disk before the next step begins."""

from pathlib import Path
from typing import Any


class RunLogger:
    """The log of one run, in the file <folder>/<run_id>.jsonl.

    Public: `path`, a pathlib.Path of that file. The folder is made where it is missing.

    The first line, written at once, has at least these keys; more are welcome:
        "event": "start"
        "run"          the run_id
        "config"       as given: str, int, float, bool, None, and lists and dicts of them
        "config_hash"  see `config_hash`
        "seed"         config["seed"], or None where there is none
        "versions"     {"python": "3.11.7", "torch": "2.13.0"}: those that run now

    Where the file is there already, the run is resumed: nothing of it is lost but a last line
    without a line end, which is cut off, and {"event": "resume"} is added. A file without a whole
    line begins anew.
    Raises: ValueError, whose message contains "config", if the config is not that of the start.
    """

    path: Path

    def __init__(self, folder: str | Path, run_id: str, config: dict[str, Any]) -> None:
        raise NotImplementedError("RunLogger: your code goes here")

    def log(self, step: int, **metrics: float) -> None:
        """Add {"step": step, **metrics}; when this returns, the line is in the file.

        nan and the infinities are written as the texts "nan", "inf", "-inf", since JSON has none.
        Raises: TypeError, whose message names what is wrong ("step" or the metric), unless `step`
        is an int and every metric an int or a float; a bool is neither. Then nothing is written.
        """
        raise NotImplementedError("RunLogger.log: your code goes here")

    def finish(self, status: str = "done", error: str = "") -> None:
        """Add {"event": "finish", "status": status, "error": error}; status is done or failed.

        Raises: ValueError, whose message contains "status", for any other.
        """
        raise NotImplementedError("RunLogger.finish: your code goes here")


def config_hash(config: dict[str, Any]) -> str:
    """The first 12 digits of the SHA-256, in hex, of the config as JSON.

    The JSON has sorted keys and no spaces: json.dumps(..., sort_keys=True, separators=(",", ":")).
    """
    raise NotImplementedError("config_hash: your code goes here")


def summarize(folder: str | Path) -> list[dict[str, Any]]:
    """A row for each <run>.jsonl of a folder, by run id.

    {"run": ..., "status": ..., "records": how many lines have a step, "last": the last of them}
    status   of the last finish; "running" where none came after the last start or resume
    last     the metrics as numbers, nan and infinities included, and "step"; {} without any record
    A last line that was cut is passed over.
    """
    raise NotImplementedError("summarize: your code goes here")
