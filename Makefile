# Works on a machine with Python 3.11 to 3.13, git and make: everything else is installed into .venv.
PYTHON ?= python3
HOME_OF_SAMPLE ?= data/sample
ACCOUNTS ?= 120
MONTHS ?= 24
PORT ?= 8501

.PHONY: run test check bench clean

# The sample company has a home of its own, so that it never mixes with exports that you dropped into data/landing.
run: .venv/ready
	@test -d $(HOME_OF_SAMPLE)/landing || .venv/bin/keybook sample --accounts $(ACCOUNTS) --months $(MONTHS) --out $(HOME_OF_SAMPLE)/landing
	@.venv/bin/keybook refresh --home $(HOME_OF_SAMPLE) || test $$? -eq 3
	@.venv/bin/keybook dashboard --home $(HOME_OF_SAMPLE) --port $(PORT)

# Bytecode is kept: the commands, servers and dbt that tests start would else compile the project each.
test: .venv/ready
	env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: .venv/ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/sqlfluff lint --processes 0 dbt_project/models dbt_project/tests

bench: .venv/ready
	.venv/bin/python -m benchmarks

clean:
	rm -rf .venv dbt_project/target .pytest_cache .ruff_cache .mypy_cache

# uv installs the locked versions and checks their hashes; bytecode is compiled because importing dbt without it takes
# twice as long. exclude-dependencies in pyproject.toml says why nothing but the lock decides what is installed.
.venv/ready: pyproject.toml requirements.lock requirements.uv.lock
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.uv.lock
	env -u PYTHONDONTWRITEBYTECODE .venv/bin/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	.venv/bin/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
