"""A run logger: what happened, one JSON object a line, on disk before the next step begins."""

import hashlib
import json
import math
import platform
from pathlib import Path
from typing import Any

import torch


class RunLogger:
    """The log of one run; every line is appended by a file that is closed again at once."""

    def __init__(self, folder: str | Path, run_id: str, config: dict[str, Any]) -> None:
        self.path = Path(folder) / f"{run_id}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = self._whole_lines()
        if not whole:
            self.path.write_text("")
            self._write(
                event="start",
                run=run_id,
                config=config,
                config_hash=config_hash(config),
                seed=config.get("seed"),
                versions={"python": platform.python_version(), "torch": str(torch.__version__)},
            )
            return
        if json.loads(whole[0])["config_hash"] != config_hash(config):
            raise ValueError(f"the config of {run_id} is not the one that it was started with")
        self.path.write_text("".join(whole))
        self._write(event="resume")

    def log(self, step: int, **metrics: float) -> None:
        if type(step) is not int:
            raise TypeError("step is a whole number")
        for name, value in metrics.items():
            if type(value) not in (int, float):
                raise TypeError(f"{name} is a plain number, not a {type(value).__name__}; .item()?")
        self._write(step=step, **{name: writable(value) for name, value in metrics.items()})

    def finish(self, status: str = "done", error: str = "") -> None:
        if status not in ("done", "failed"):
            raise ValueError(f"the status is done or failed, not {status!r}")
        self._write(event="finish", status=status, error=error)

    def _write(self, **entry: Any) -> None:
        with self.path.open("a") as file:
            file.write(json.dumps(entry, allow_nan=False) + "\n")

    def _whole_lines(self) -> list[str]:
        if not self.path.exists():
            return []
        return [line for line in self.path.read_text().splitlines(True) if line.endswith("\n")]


def writable(value: float) -> float | str:
    """JSON has no nan and no infinity."""
    return value if math.isfinite(value) else str(value)


def config_hash(config: dict[str, Any]) -> str:
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def summarize(folder: str | Path) -> list[dict[str, Any]]:
    return [row(path) for path in sorted(Path(folder).glob("*.jsonl"), key=lambda path: path.stem)]


def row(path: Path) -> dict[str, Any]:
    """One run, from its whole lines."""
    lines = path.read_text().splitlines(True)
    entries = [json.loads(line) for line in lines if line.endswith("\n")]
    events = [entry for entry in entries if "event" in entry]
    records = [entry for entry in entries if "step" in entry]
    last = {
        name: value if name == "step" else float(value)
        for name, value in (records[-1] if records else {}).items()
    }
    status = events[-1].get("status", "running") if events else "running"
    return {"run": path.stem, "status": status, "records": len(records), "last": last}
