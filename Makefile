# The contributor's menu. Every target sets up what it needs.
PYTHON ?= python3
GRADE := .venv/bin/grade
WRONG := solutions/attention/sdpa_masks/mistakes/no_scale.yaml

.PHONY: grade test lint catalogue redteam bench setup data clean

grade: setup  ## Grade a wrong submission, then all references; write the HTML reports.
	-$(GRADE) run sdpa_masks --file $(WRONG) -o reports/wrong.html
	$(GRADE) run --all --reference -o reports/report.html

test: setup  ## The whole test suite.
	.venv/bin/python -m pytest -n 2 --dist worksteal

lint: setup  ## Format, lint, types.
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy

catalogue: setup  ## The course proves itself.
	$(GRADE) author check --all

redteam: setup  ## Run every attack and write the table of docs/security.md.
	.venv/bin/python tests/redteam/campaign.py

bench: setup  ## Speed, as ratios in one run.
	.venv/bin/python -m benchmarks

data: setup  ## Download MNIST and Tiny Shakespeare, with checksums.
	$(GRADE) data mnist shakespeare

setup: .venv/ready  ## A virtual environment, and bubblewrap where we may install it.

.venv/ready: pyproject.toml constraints.txt
	PYTHON=$(PYTHON) sh tools/setup.sh
	touch $@

clean:
	rm -rf .venv reports .mypy_cache .ruff_cache
