"""Stands in for grader.bulk.slot: does what the submission's text says, and grades nothing.

    python fake_slot.py LOG HASHES   a line in LOG for each start and each submission

`die`, `die once FILE`, `fault`, `hang`, `slow`, `wrong`; any other text is a pass.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from hashlib import sha256
from pathlib import Path

VERDICT = {
    "schema": "grader.verdict/1",
    **{"unit": "basics", "title": "T", "points": 10, "seed": 1},
    "started": "2026-11-20T14:03:11+00:00",
    "isolation": {"level": "strict"},
    "outcomes": [{"check": "check", "claim": "It holds.", "status": "passed"}],
}


def main() -> None:
    log = Path(sys.argv[1])

    def note(what: str) -> None:
        with log.open("a") as file:
            file.write(f"{os.getpid()} {what}\n")

    def answer(**fields: object) -> None:
        print(json.dumps(fields), flush=True)

    note("start")
    answer(ready=True)
    for line in sys.stdin:
        work = json.loads(line)
        text = base64.b64decode(work["content"]).decode()
        note(f"{work['learner']} {work['exercise']}")
        word, _, rest = text.partition(" ")
        if text == "die" or (text.startswith("die once") and not Path(rest[5:]).exists()):
            Path(rest[5:] or os.devnull).touch()
            os._exit(7)
        if word == "hang":
            time.sleep(600)
        if word == "fault":
            answer(fault="the machine is unfit")
            continue
        if word == "slow":
            time.sleep(0.3)
        named = {key: work[key] for key in ("exercise", "learner")}
        named |= {"file": work["name"], "sha256": sha256(text.encode()).hexdigest()}
        verdict = VERDICT | named | {"hashes": json.loads(sys.argv[2])}
        if word == "wrong":
            verdict |= {"outcomes": [VERDICT["outcomes"][0] | {"status": "failed"}]}
        answer(verdict=json.dumps(verdict))


if __name__ == "__main__":
    main()
