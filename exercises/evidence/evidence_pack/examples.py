import json


def check_three_lines(fresh):
    """A run of two steps is logged in four lines."""
    with fresh(file="run_logger.py") as program:
        logger = program.RunLogger("runs", "a", {"lr": 0.1, "seed": 7})
        logger.log(0, loss=2.5)
        logger.log(1, loss=1.25)
        logger.finish()
        lines = [json.loads(line) for line in logger.path.read_text().splitlines()]
    assert lines[0]["event"] == "start" and lines[0]["config_hash"] == "f8c66b1e2b20", lines[0]
    assert lines[1:3] == [{"step": 0, "loss": 2.5}, {"step": 1, "loss": 1.25}], lines[1:3]
    assert lines[3]["event"] == "finish" and lines[3]["status"] == "done", lines[3]


def check_files_are_there(submission):
    """Every file of the pack is there."""
    wanted = "README.md config.yaml metrics.jsonl curve.svg checkpoint.pt model.py shape_trace.txt"
    missing = [name for name in wanted.split() if f"pack/{name}" not in submission]
    assert not missing, f"pack/{missing[0]} is missing" if missing else ""
